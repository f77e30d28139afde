import type { OptionTable } from '@inferometer/core/config/options';
import type { Log } from '@inferometer/core/log';

/** What a command gets from the process. */
export interface CommandContext {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
  /** The program and arguments that start this same command line again. */
  readonly program: readonly [string, ...string[]];
  /** Text for the user, to standard output. */
  readonly print: (text: string) => void;
}

/** One command: its help and what it does. `run` resolves to the exit code. */
export interface Command {
  readonly summary: string;
  /** How it is called, behind `inferometer`. */
  readonly usage: string;
  readonly options: OptionTable;
  /** Lines below the options of `--help`. */
  readonly notes?: string;
  run(context: CommandContext): Promise<number>;
}
