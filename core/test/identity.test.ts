import { ConfigError } from '@inferometer/core/errors';
import { isSafeName, resolveIdentity } from '@inferometer/core/identity';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { thrownBy } from './thrown-by.ts';

const host = { name: 'laptop.example.org', now: new Date('2025-03-04T05:06:07.890Z') };

test('outside Slurm a run is named after its time and host', () => {
  expect(resolveIdentity({}, {}, host)).toEqual({
    cluster: 'local',
    run: 'local-20250304T050607Z-laptop',
    node: 'laptop',
    rank: 0,
    nodes: 1,
  });
});

test('a Slurm job gives cluster, run, node, rank and number of nodes', () => {
  const env = {
    SLURM_CLUSTER_NAME: 'saturn',
    SLURM_JOB_ID: '4711',
    SLURMD_NODENAME: 'gpu07',
    SLURM_NODEID: '3',
    SLURM_JOB_NUM_NODES: '8',
  };
  expect(resolveIdentity({}, env, host)).toEqual({ cluster: 'saturn', run: '4711', node: 'gpu07', rank: 3, nodes: 8 });
});

test.each([
  ['an array task', { SLURM_JOB_ID: '90', SLURM_ARRAY_JOB_ID: '88', SLURM_ARRAY_TASK_ID: '2' }, '88_2'],
  ['a job that never restarted', { SLURM_JOB_ID: '90', SLURM_RESTART_COUNT: '0' }, '90'],
  ['a requeued job', { SLURM_JOB_ID: '90', SLURM_RESTART_COUNT: '2' }, '90.r2'],
  [
    'a requeued array task',
    { SLURM_JOB_ID: '90', SLURM_ARRAY_JOB_ID: '88', SLURM_ARRAY_TASK_ID: '2', SLURM_RESTART_COUNT: '1' },
    '88_2.r1',
  ],
  ['a part of a heterogeneous job', { SLURM_JOB_ID: '91', SLURM_HET_JOB_ID: '90' }, '90'],
])('%s is the run its id says', (_, env, run) => {
  expect(resolveIdentity({}, env, host).run).toBe(run);
});

test('options win over Slurm', () => {
  const env = { SLURM_CLUSTER_NAME: 'saturn', SLURM_JOB_ID: '4711', SLURMD_NODENAME: 'gpu07' };
  const options = { cluster: 'c', run: 'r', node: 'n' };
  expect(resolveIdentity(options, env, host)).toMatchObject(options);
});

test('a rank that is no number is none', () => {
  expect(resolveIdentity({}, { SLURM_NODEID: 'x', SLURM_JOB_NUM_NODES: '-1' }, host)).toMatchObject({
    rank: 0,
    nodes: 1,
  });
});

test('all unsafe names are refused at once', () => {
  const error = thrownBy(() => resolveIdentity({ cluster: 'a b', run: '../x', node: '' }, {}, host));
  expect(error).toBeInstanceOf(ConfigError);
  expect((error as ConfigError).problems).toEqual([
    'cluster: "a b" may hold letters, digits, ".", "_" and "-" alone',
    'run: "../x" may hold letters, digits, ".", "_" and "-" alone',
    'node: "" may hold letters, digits, ".", "_" and "-" alone',
  ]);
});

describe('isSafeName', () => {
  test.each(['4711', '88_2.r1', 'gpu-07', 'A', 'x'.repeat(128)])('takes %s', (name) => {
    expect(isSafeName(name)).toBe(true);
  });

  test.each(['', '.', '..', '.hidden', '-x', 'a/b', 'a b', 'a\n', 'é', 'x'.repeat(129)])('refuses %j', (name) => {
    expect(isSafeName(name)).toBe(false);
  });

  test('what it takes stands in a URL as it is', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 4 }).filter(isSafeName), (name) => {
        expect(new URL(`http://h/${name}/x`).pathname).toBe(`/${name}/x`);
      }),
    );
  });
});
