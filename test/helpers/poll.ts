import { setTimeout as delay } from 'node:timers/promises';

/** Asks until there is an answer other than undefined; after 30 s fails, saying what was awaited and what there is. */
export async function poll<T>(
  awaited: string,
  ask: () => T | undefined | Promise<T | undefined>,
  there: () => unknown = () => '',
  timeoutMs = 30_000,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > deadline) throw new Error(`waited ${timeoutMs} ms for ${awaited}; there is: ${String(there())}`);
    await delay(50);
  }
}
