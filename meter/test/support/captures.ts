import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const fixtures = join(import.meta.dirname, '..', 'fixtures');

/** An answer as it came over the wire. */
export interface Capture {
  readonly name: string;
  readonly folder: string;
  /** Head and body. */
  readonly answer: Buffer;
  readonly body: Buffer;
}

/** The captured answers of a real engine. */
export function capturesOf(engine: string): readonly Capture[] {
  const entries = readdirSync(join(fixtures, engine), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return entries.map(({ name }) => {
    const folder = join(fixtures, engine, name);
    const answer = readFileSync(join(folder, 'answer.txt'));
    return { name, folder, answer, body: answer.subarray(answer.indexOf('\r\n\r\n') + 4) };
  });
}

/** Answers of Ollama's own API. */
export const captures = capturesOf('ollama-0.13.5');

export function capture(name: string): Capture {
  const found = captures.find((each) => each.name === name);
  if (!found) throw new Error(`no capture ${name}`);
  return found;
}

/** The bytes in pieces, cut at these places. */
export function cut(bytes: Buffer, places: readonly number[]): readonly Buffer[] {
  const ends = [...new Set([...places.map((place) => place % (bytes.length + 1)), bytes.length])].toSorted(
    (a, b) => a - b,
  );
  return ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
}
