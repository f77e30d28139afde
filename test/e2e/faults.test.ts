import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { Outcome, RequestRecord } from '@inferometer/core/request-record';
import { describe, expect, onTestFinished, test } from 'vitest';
import { driveAsks, mixedAsks, moments, seeded } from '../helpers/fault-load.ts';
import { Killable, type Outage } from '../helpers/killable.ts';
import { type MeteredEngine, MeteredRun } from '../helpers/metered-run.ts';
import { poll } from '../helpers/poll.ts';
import { freePorts, startFake } from '../helpers/programs.ts';
import { outcomesOf, type Seen } from '../helpers/witness.ts';

const seed = 20_261_122;

/** A client and a meter may hear of an end at slightly different times. */
const slackMs = 500;

const startEngine = ({ url }: MeteredEngine, tokenMs: number) =>
  startFake('ollama', ['--load-ms', '0', '--first-token-ms', '4', '--token-ms', String(tokenMs)], url.host);

/** So many engines, each behind its meter, and the agent that started the meters. */
async function startMetered(count: number, tokenMs: number) {
  const dir = mkdtempSync(join(tmpdir(), 'inferometer-faults-'));
  const [http, ...ports] = await freePorts(1 + 2 * count);
  const at = (port: number | undefined) => new URL(`http://127.0.0.1:${port}`);
  const engines = Array.from({ length: count }, (_, place) => {
    return { url: at(ports[2 * place]), meter: at(ports[2 * place + 1]) };
  });
  const run = new MeteredRun(dir, at(http), engines);
  const fakes = await Promise.all(engines.map((engine) => Killable.start(() => startEngine(engine, tokenMs))));
  const agent = await Killable.start(() => run.startAgent());
  onTestFinished(async () => {
    await agent.back;
    await agent.current.stop();
    for (const fake of fakes) await fake.current.stop();
    rmSync(dir, { recursive: true, force: true });
  });
  return { run, engines, fakes, agent };
}

/** What is recorded of each request: its outcome, `none`, or how many records too many. */
function recordedOf(records: readonly RequestRecord[]): (seen: Seen) => string {
  const byId = new Map<string, Outcome[]>();
  for (const { request_id: id, outcome } of records) byId.set(id, [...(byId.get(id) ?? []), outcome]);
  return ({ ask }) => (byId.get(ask.id) ?? ['none']).join(' and ');
}

/** The requests whose records are not what their clients saw, for a message to read. */
function contradictions(
  all: readonly Seen[],
  records: readonly RequestRecord[],
  allowed: (seen: Seen) => readonly string[],
): readonly object[] {
  const recorded = recordedOf(records);
  return all
    .filter((seen) => !allowed(seen).includes(recorded(seen)))
    .map((seen) => ({ ...seen, text: seen.text.slice(-80), allowed: allowed(seen), recorded: recorded(seen) }));
}

function tally(records: readonly RequestRecord[], key: 'outcome' | 'server'): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const record of records) counts[record[key]] = (counts[record[key]] ?? 0) + 1;
  return counts;
}

/** Resolves when the agent counts what is recorded, and nothing is in flight. */
async function untilCounted(run: MeteredRun, records: readonly RequestRecord[], key: 'outcome' | 'server') {
  let counted: object = {};
  const isCounted = async () => {
    const all = Object.entries(await run.metric('ollama_requests_total', key)).filter(([, count]) => count > 0);
    counted = Object.fromEntries(all);
    return all.reduce((sum, [, count]) => sum + count, 0) >= records.length ? true : undefined;
  };
  await poll(`${records.length} requests to be counted`, isCounted, () => JSON.stringify(counted));
  expect(counted).toEqual(tally(records, key));
  // The agent asks what is in flight before it reads what was recorded.
  let inFlight: Readonly<Record<string, number>> = {};
  const isIdle = async () => {
    inFlight = await run.metric('ollama_requests_in_flight', 'server');
    return Object.values(inFlight).every((count) => count === 0) ? true : undefined;
  };
  await poll('nothing to be in flight', isIdle, () => JSON.stringify(inFlight), 10_000);
}

function overlaps({ began, ended }: Seen, outages: readonly Outage[]): boolean {
  return outages.some(({ from, to }) => began <= to + slackMs && from <= ended + slackMs);
}

describe(`with faults by seed ${seed}`, () => {
  test('1,000 requests are counted exactly once while engine, agent and clients are killed', async () => {
    const random = seeded(seed);
    const { run, engines, fakes, agent } = await startMetered(1, 3);
    const [engine, fake] = [engines[0], fakes[0]];
    if (!engine || !fake) throw new Error('no engine');
    const asks = mixedAsks(random, 1000, 'a');
    const engineDies = moments(random, 5, asks.length);
    const agentDies = moments(random, 4, asks.length);
    const kills: Promise<void>[] = [];
    let sentToNobody = 0;
    const { pid } = await run.status(engine);

    const seen = await driveAsks(engine.meter, asks, 16, async (index) => {
      if (engineDies.has(index)) kills.push(fake.kill());
      if (agentDies.has(index)) kills.push(agent.kill());
      // Some requests find the engine dead; the others wait, or they would all be over before it is back.
      if (!fake.isDown) sentToNobody = 0;
      else if ((sentToNobody += 1) > 20) await fake.back;
    });
    await Promise.all(kills);

    const records = await run.records();
    const wasDown = (each: Seen) => overlaps(each, fake.outages);
    expect(seen).toHaveLength(1000);
    expect(contradictions(seen, records, (each) => outcomesOf(each, wasDown(each)))).toEqual([]);
    const known = new Set(asks.map(({ id }) => id));
    expect(records.filter(({ request_id: id }) => !known.has(id))).toEqual([]);
    await untilCounted(run, records, 'outcome');

    // The meter was there all the time, and no client felt more than the engine's deaths.
    expect(await run.status(engine)).toMatchObject({ pid, inFlight: [], recordsLost: 0 });
    const broken = seen.filter(({ end }) => end === 'broken' || end === 'refused');
    expect(broken.filter((each) => !wasDown(each) && !each.ask.prompt.includes('DROP'))).toEqual([]);
    expect(broken.length).toBeGreaterThan(20);
    const { ok = 0, aborted = 0, truncated = 0 } = tally(records, 'outcome');
    expect(Math.min(ok / 500, aborted / 50, truncated / 10)).toBeGreaterThan(1);
  });

  test('a meter that is killed breaks its own streams alone, loses at most a second of records, and is started again', async () => {
    const random = seeded(seed);
    const { run, engines } = await startMetered(2, 10);
    const [engine, other] = engines;
    if (!engine || !other) throw new Error('no engines');
    const { pid } = await run.status(engine);
    const outage: Outage = { from: 0, to: Infinity };
    let back: Promise<void> | undefined;
    let sentToNobody = 0;
    const kill = async (): Promise<void> => {
      outage.from = performance.now();
      process.kill(pid, 'SIGKILL');
      await poll('another meter', async () => {
        const status = await run.status(engine).catch(() => undefined);
        return status && status.pid !== pid ? true : undefined;
      });
      outage.to = performance.now();
    };
    // At this pace the load has run for more than two seconds when the meter is killed.
    const asks = mixedAsks(random, 700, 'b');
    const beside = driveAsks(other.meter, mixedAsks(random, 150, 'c'), 2, () => {});
    const seen = await driveAsks(engine.meter, asks, 16, async (index) => {
      if (index === 450) back = kill();
      else if (back && (sentToNobody += 1) > 20) await back;
    });
    const seenBeside = await beside;

    const records = await run.records();
    const mayBeLost = ({ began, ended }: Seen) => began <= outage.from && ended > outage.from - 1000;
    const isMetersFault = (each: Seen) => each.end !== 'whole' && overlaps(each, [outage]);
    const allowed = (each: Seen) => [
      ...outcomesOf(each, false),
      ...(mayBeLost(each) || isMetersFault(each) ? ['none'] : []),
    ];
    expect(contradictions([...seen, ...seenBeside], records, allowed)).toEqual([]);
    await untilCounted(run, records, 'server');

    const isDropped = ({ ask }: Seen) => ask.prompt.includes('DROP');
    const broken = seen.filter((each) => each.end === 'broken' && !isDropped(each));
    expect(broken.length).toBeGreaterThan(0);
    expect(broken.filter((each) => !overlaps(each, [outage]))).toEqual([]);
    expect(seenBeside.filter((each) => each.end === 'broken' && !isDropped(each))).toEqual([]);
    expect(seen.filter(({ end, began }) => end === 'whole' && began > outage.to).length).toBeGreaterThan(100);
    expect(seen.filter(({ ended }) => ended < outage.from - 1000).length).toBeGreaterThan(50);
    expect(await run.metric('inferometer_meter_up', 'server')).toEqual({ [engine.url.host]: 1, [other.url.host]: 1 });
  });
});
