import { canonicalFamily } from './exposition/canonical.ts';
import type { MetricFamily } from './exposition/family.ts';
import { mergeFamilies } from './exposition/merge.ts';
import { writeText } from './exposition/write-text.ts';

/** All metric families at one tick; frozen, so that every sink sees the same readings. */
export interface Snapshot {
  /** Number of the tick, from 1, without holes while an agent lives. */
  readonly seq: number;
  /** Wall time of the tick's start, milliseconds since the epoch. */
  readonly timeUnixMs: number;
  readonly families: readonly MetricFamily[];
  /** What could not be exposed, one line each (see `mergeFamilies`). */
  readonly conflicts: readonly string[];
}

export function createSnapshot(seq: number, timeUnixMs: number, lists: readonly (readonly MetricFamily[])[]): Snapshot {
  // Canonical first: two spellings of one bound are one series.
  const { families, conflicts } = mergeFamilies(lists.map((list) => list.map(canonicalFamily)));
  return Object.freeze({
    seq,
    timeUnixMs,
    families: Object.freeze(families.map(freezeFamily)),
    conflicts: Object.freeze(conflicts),
  });
}

function freezeFamily(family: MetricFamily): MetricFamily {
  Object.freeze(family.samples);
  return Object.freeze(family);
}

const texts = new WeakMap<Snapshot, string>();

/** The snapshot in the text format, written once however many sinks ask. */
export function snapshotText(snapshot: Snapshot): string {
  const known = texts.get(snapshot);
  if (known !== undefined) return known;
  const text = writeText(snapshot.families);
  texts.set(snapshot, text);
  return text;
}
