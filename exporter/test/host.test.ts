import { join } from 'node:path';
import { expect, test } from 'vitest';
import { hostCollector, parseHost } from '../src/collectors/host.ts';
import { fixtures, linesOf } from './support/golden.ts';
import { RecordedLog } from './support/recorded-log.ts';

async function collect(pathProc: string) {
  const recorded = new RecordedLog();
  const collector = hostCollector({ pathProc, cadenceMs: 60_000 }, recorded.log);
  collector.start();
  await collector.refresh();
  await collector.close();
  return { families: collector.families(), recorded };
}

test.each(fixtures('host'))('exposes the host from the /proc of $name', async (fixture) => {
  const { families } = await collect(join(import.meta.dirname, 'fixtures', 'host', fixture.name));
  await fixture.expect(families.filter(({ name }) => name.startsWith('host_')));
});

test('what a kernel does not tell is absent', () => {
  expect(parseHost('intr 1\n', '', '')).toEqual({
    cpuSeconds: {},
    load1: undefined,
    memoryTotal: undefined,
    memoryAvailable: undefined,
  });
});

test('a folder that is no /proc is a source that is down', async () => {
  const { families, recorded } = await collect('/nonexistent');
  expect(linesOf(families)).toEqual([
    'inferometer_collector_up{collector="host",target="/nonexistent"} 0',
    'inferometer_collector_failures_total{collector="host",target="/nonexistent",reason="unreachable"} 2',
  ]);
  expect(recorded.at('warn')).toHaveLength(1);
});
