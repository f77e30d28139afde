import { family } from '@inferometer/core/catalogue/readings';
import { describe, expect, test } from 'vitest';
import { constantCollector } from '../src/collectors/constant.ts';
import { runInfo } from '../src/collectors/run-info.ts';
import { linesOf } from './support/golden.ts';
import { RecordedLog } from './support/recorded-log.ts';

const load = [family('host_load1', [{ value: 1 }])];

describe('what is read once', () => {
  test('is absent until it is read, and stays', async () => {
    const collector = constantCollector('fake', () => Promise.resolve(load), new RecordedLog().log);
    collector.start();
    expect(collector.families()).toEqual([]);
    await collector.close();
    expect(collector.families()).toEqual(load);
  });

  test('and cannot be read is absent, and logged', async () => {
    const recorded = new RecordedLog();
    const collector = constantCollector('fake', () => Promise.reject(new Error('no such file')), recorded.log);
    collector.start();
    await collector.close();
    expect(collector.families()).toEqual([]);
    expect(recorded.lines).toMatchObject([{ level: 'warn', cause: 'no such file' }]);
  });
});

describe('what the run is', () => {
  const identity = { cluster: 'c', run: '7', node: 'n1', rank: 0, nodes: 2 };
  const env = { SLURM_JOB_NAME: 'trial', SLURM_JOB_PARTITION: 'gpu', SLURM_JOB_ACCOUNT: 'lab' };

  test('comes from the environment of Slurm', () => {
    expect(linesOf(runInfo(identity, env, '0.1.0'))).toEqual([
      'inferometer_run_info{job_name="trial",partition="gpu",account="lab",nodes="2",version="0.1.0"} 1',
    ]);
  });

  test('is told by the first node alone', () => {
    expect(runInfo({ ...identity, rank: 1 }, env, '0.1.0')).toEqual([]);
  });
});
