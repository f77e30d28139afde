import { createLog } from '@inferometer/core/log';
import { createSnapshot, type Snapshot } from '@inferometer/core/snapshot';
import { Bridge, type BridgeOptions } from '@inferometer/pushgateway-bridge/bridge';
import { expect, onTestFinished, vi } from 'vitest';

vi.setConfig({ testTimeout: 20_000 });

const group = { job: 'inferometer', cluster: 'saturn', run: '4711', instance: 'gpu07' };

/**
 * A bridge with the log lines that it wrote; closed when the test ends. Its interval is also what a push may take:
 * long enough for a gateway on a busy machine.
 */
export function startBridge(options: Pick<BridgeOptions, 'url'> & Partial<BridgeOptions>) {
  const lines: { readonly level: string; readonly message: string; readonly cause?: string }[] = [];
  const write = (text: string) => lines.push(JSON.parse(text) as (typeof lines)[number]);
  const bridge = new Bridge({ group, intervalMs: 400, phase: 0, ...options }, createLog({ write }));
  onTestFinished(() => bridge.close());
  return { bridge, lines };
}

export const groupPath = '/metrics/job/inferometer/cluster/saturn/run/4711/instance/gpu07';

export function snapshot(seq: number): Snapshot {
  const samples = [{ name: 'seq', labels: {}, value: seq }];
  return createSnapshot(seq, 1000 * seq, [[{ name: 'seq', type: 'gauge', help: 'Seq.', samples }]]);
}

export function textOf(seq: number): string {
  return `# HELP seq Seq.\n# TYPE seq gauge\nseq ${seq}\n`;
}

/** Pushes by result, as the bridge exposes them. */
export function pushes(bridge: Bridge): Readonly<Record<string, number>> {
  const [family] = bridge.families();
  expect(family?.name).toBe('inferometer_pushes_total');
  return Object.fromEntries(family?.samples.map(({ labels, value }) => [labels['result'], value]) ?? []);
}

/** Resolves when the bridge has counted so many pushes with this result. */
export async function counted(bridge: Bridge, result: string, count: number): Promise<void> {
  await expect.poll(() => pushes(bridge)[result] ?? 0, { interval: 5, timeout: 10_000 }).toBeGreaterThanOrEqual(count);
}
