import type { MetricFamily } from '@inferometer/core/exposition/family';
import { messageOf } from '@inferometer/core/errors';
import type { Log } from '@inferometer/core/log';
import type { Collector } from '../collector.ts';

/** Families that are read once, at start, and stay: what the run and the node are. Absent until read. */
export function constantCollector(name: string, read: () => Promise<readonly MetricFamily[]>, log: Log): Collector {
  let families: readonly MetricFamily[] = [];
  let reading: Promise<void> = Promise.resolve();
  return {
    name,
    start: () => {
      reading = read().then(
        (result) => void (families = result),
        (error: unknown) => log.warn(`${name}: could not be read`, { cause: messageOf(error) }),
      );
    },
    families: () => families,
    refresh: () => Promise.resolve(),
    close: () => reading,
  };
}
