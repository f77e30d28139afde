import { family } from '@inferometer/core/catalogue/readings';
import type { Sink } from '@inferometer/core/sink';
import { createSnapshot, type Snapshot } from '@inferometer/core/snapshot';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { poll } from '../helpers/poll.ts';

/** A sink with a far end that works, and one whose far end takes connections and never answers. */
export interface SinkUnderTest {
  readonly name: string;
  create(): Promise<{ readonly sink: Sink; visible(): Promise<string>; cleanUp(): Promise<void> }>;
  /** Absent for a sink that waits for nobody. */
  createHanging?(): Promise<{ readonly sink: Sink; cleanUp(): Promise<void> }>;
}

/** The snapshot of a tick; its text tells its number. */
export function snapshotOf(seq: number): Snapshot {
  return createSnapshot(seq, 1_700_000_000_000 + seq * 1000, [[family('inferometer_snapshot_seq', [{ value: seq }])]]);
}

/** Holds a sink to the contract of core's `Sink`. */
export function sinkContract({ name, create, createHanging }: SinkUnderTest): void {
  describe(`the ${name} sink`, () => {
    let made: Awaited<ReturnType<SinkUnderTest['create']>>;

    beforeEach(async () => void (made = await create()));
    afterEach(async () => {
      await made.sink.close();
      await made.cleanUp();
    });

    const untilVisible = (seq: number) =>
      poll(`tick ${seq}`, async () =>
        (await made.visible()).includes(`inferometer_snapshot_seq${labels} ${seq}\n`) ? true : undefined,
      );
    const labels = name === 'http' ? '' : '{cluster="c",instance="n",job="inferometer",run="r"}';

    it('shows the newest of the snapshots that it was given', async () => {
      for (let seq = 1; seq <= 1000; seq += 1) made.sink.accept(snapshotOf(seq));
      await untilVisible(1000);
    });

    it('shows a later snapshot in place of an earlier one', async () => {
      made.sink.accept(snapshotOf(1));
      await untilVisible(1);
      made.sink.accept(snapshotOf(2));
      await untilVisible(2);
      expect(await made.visible()).not.toContain(`inferometer_snapshot_seq${labels} 1\n`);
    });

    it('can be closed twice', async () => {
      await made.sink.close();
      await made.sink.close();
    });

    it('takes no snapshot after it was closed, and says so by doing nothing', async () => {
      await made.sink.close();
      expect(() => made.sink.accept(snapshotOf(3))).not.toThrow();
    });

    it('tells of itself before it was given anything: all that it counts is 0', () => {
      const values = made.sink.families().flatMap(({ samples }) => samples.map(({ value }) => value));
      expect(values.filter((value) => value !== 0)).toEqual([]);
    });

    if (!createHanging) return;

    it('closes within 9 s when its far end hangs', async () => {
      const { sink, cleanUp } = await createHanging();
      sink.accept(snapshotOf(1));
      const begun = performance.now();
      await sink.close();
      expect(performance.now() - begun).toBeLessThan(9000);
      await cleanUp();
    });
  });
}
