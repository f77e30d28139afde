import { type MetricFamily, type Sample, seriesKey } from './family.ts';

/** The outcome of a merge: what can be exposed, and what had to be left out, one line each. */
export interface Merged {
  readonly families: readonly MetricFamily[];
  readonly conflicts: readonly string[];
}

/**
 * Joins families of the same name, in order of first appearance, and drops those without samples. A family whose
 * type differs from an earlier one's, and a series that is there already, are left out and named in `conflicts`:
 * one exposition must never hold a series twice.
 */
export function mergeFamilies(lists: Iterable<readonly MetricFamily[]>): Merged {
  const merged = new Map<string, { head: MetricFamily; samples: Sample[] }>();
  const seen = new Set<string>();
  const conflicts: string[] = [];
  for (const family of [...lists].flat()) {
    const known = merged.get(family.name) ?? { head: family, samples: [] };
    if (known.head.type !== family.type) {
      conflicts.push(`${family.name} is a ${known.head.type} and a ${family.type}`);
      continue;
    }
    merged.set(family.name, known);
    for (const sample of family.samples) {
      const key = seriesKey(sample);
      if (seen.has(key)) conflicts.push(`series ${key} twice`);
      else known.samples.push(sample);
      seen.add(key);
    }
  }
  const families = [...merged.values()].map(({ head, samples }) => ({ ...head, samples }));
  return { families: families.filter(({ samples }) => samples.length > 0), conflicts };
}
