import { parseArgs, type ParseArgsConfig } from 'node:util';
import type { RunningFake } from './serve.ts';

type Values = Readonly<Record<string, string | boolean | readonly (string | boolean)[] | undefined>>;

/** The values of a command line, read by name and kind. A value of the wrong kind ends the program with exit 2. */
export class Options {
  readonly #values: Values;

  constructor(values: Values) {
    this.#values = values;
  }

  text(name: string, fallback: string): string {
    const value = this.#values[name];
    return typeof value === 'string' ? value : fallback;
  }

  texts(name: string, fallback: readonly string[]): readonly string[] {
    const value = this.#values[name];
    return Array.isArray(value) ? value.filter((text) => typeof text === 'string') : fallback;
  }

  flag(name: string): boolean {
    return this.#values[name] === true;
  }

  has(name: string): boolean {
    return this.#values[name] !== undefined;
  }

  number(name: string, fallback: number): number {
    const value = Number(this.#values[name] ?? fallback);
    return Number.isFinite(value) && value >= 0 ? value : wrongUsage(`--${name}: needs a number that is not negative`);
  }
}

/** Reads the program's own command line; `--help` prints the help and ends, what is not known ends with exit 2. */
export function readOptions(help: string, table: NonNullable<ParseArgsConfig['options']>): Options {
  try {
    const all: typeof table = { ...table, help: { type: 'boolean', short: 'h' } };
    const values: Values = parseArgs({ options: all, allowNegative: true }).values;
    if (values['help'] !== true) return new Options(values);
  } catch (error) {
    wrongUsage(error instanceof Error ? error.message : String(error));
  }
  process.stdout.write(help);
  return process.exit(0);
}

/** Says where the fake listens and keeps it until TERM or INT, then exits 0. */
export async function runServer(starting: Promise<RunningFake>): Promise<void> {
  const fake = await starting.catch((error: Error) => wrongUsage(error.message));
  const stop = () => void fake.close().then(() => process.exit(0));
  process.once('SIGTERM', stop).once('SIGINT', stop);
  process.stdout.write(`listening on ${fake.url}\n`);
}

export function wrongUsage(message: string): never {
  process.stderr.write(`${message}\n`);
  return process.exit(2);
}
