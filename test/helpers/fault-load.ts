import { Agent } from 'node:http';
import { type Ask, type Seen, send } from './witness.ts';

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** So many places among `total`, spread over it: one at random in each part of equal length. */
export function moments(random: () => number, count: number, total: number): ReadonlySet<number> {
  return new Set(Array.from({ length: count }, (_, part) => Math.floor(((part + random()) * total) / count)));
}

const leavings = ['in its upload', 'before the answer', 'in the answer'] as const;
const faults = ['FAIL500', 'FAILBUSY', 'FAILSTREAM', 'TRUNCATE', 'DROP', 'missing'] as const;

/** Requests of all kinds: of ten, two fail by themselves and one is given up, too long to end before. */
export function mixedAsks(random: () => number, count: number, prefix: string): readonly Ask[] {
  const one = <T>(list: readonly T[]): T | undefined => list[Math.floor(random() * list.length)];
  return Array.from({ length: count }, (_, index): Ask => {
    const kind = random();
    const leaves = kind > 0.9 ? one(leavings) : undefined;
    const fault = kind < 0.2 ? one(faults) : undefined;
    return {
      id: `${prefix}-${index}`,
      path: random() < 0.5 ? '/api/generate' : '/api/chat',
      model: fault === 'missing' ? 'missing' : 'tiny',
      prompt: `tell ${fault ?? 'me'}`,
      stream: leaves === 'in the answer' || random() < 0.6,
      tokens: leaves ? 5000 : 2 + Math.floor(random() * 20),
      leaves,
    };
  });
}

/** Sends requests, so many at a time, half of the clients over connections that they keep; `before` may hold one up. */
export async function driveAsks(
  url: URL,
  asks: readonly Ask[],
  concurrency: number,
  before: (index: number) => Promise<void> | void,
): Promise<readonly Seen[]> {
  const seen: Seen[] = [];
  const rest = asks.entries();
  const client = async (keepAlive: boolean): Promise<void> => {
    const agent = new Agent({ keepAlive });
    for (const [index, ask] of rest) {
      await before(index);
      seen.push(await send(url, ask, agent));
    }
    agent.destroy();
  };
  await Promise.all(Array.from({ length: concurrency }, (_, place) => client(place % 2 === 0)));
  return seen;
}
