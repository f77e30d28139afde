/** What each error code means and which exit code it ends a command with. docs/errors.md lists exactly these. */
export const errorCodes = {
  INFEROMETER_CONFIG: { exitCode: 2, meaning: 'An option, variable or configuration key is wrong.' },
  INFEROMETER_LISTEN_TAKEN: { exitCode: 2, meaning: 'The address asked for is in use.' },
  INFEROMETER_SECRET_FILE: { exitCode: 2, meaning: 'A token or password file is missing, empty or open to others.' },
  INFEROMETER_RUN_DIR: { exitCode: 2, meaning: 'The run directory cannot be made, written or trusted.' },
  INFEROMETER_PART_MISSING: { exitCode: 1, meaning: 'A program that the command needs is not on this machine.' },
  INFEROMETER_CHILD: { exitCode: 1, meaning: 'A program that the command started ended before it was ready.' },
} as const;

export type ErrorCode = keyof typeof errorCodes;

/** A failure that a user can act on: one line per problem, each naming the value, the cause and the next step. */
export class InferometerError extends Error {
  override readonly name: string = 'InferometerError';
  readonly code: ErrorCode;
  readonly problems: readonly string[];

  constructor(code: ErrorCode, problems: string | readonly string[], options?: ErrorOptions) {
    const lines = typeof problems === 'string' ? [problems] : problems;
    super(lines.join('\n'), options);
    this.code = code;
    this.problems = lines;
  }

  get exitCode(): number {
    return errorCodes[this.code].exitCode;
  }
}

/** Wrong usage or configuration: all problems at once, each with its option or key. */
export class ConfigError extends InferometerError {
  override readonly name = 'ConfigError';

  constructor(problems: string | readonly string[], options?: ErrorOptions) {
    super('INFEROMETER_CONFIG', problems, options);
  }
}

/** The message of anything that was thrown, with the system's error code where there is one and it is not in it. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as NodeJS.ErrnoException;
  const text = error.message || error.name;
  return code && !text.includes(code) ? `${code}: ${text}` : text;
}
