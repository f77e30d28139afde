import { execa } from 'execa';
import { ReadError } from '../../collector.ts';
import { chooseFields, parseFieldHelp, type QueryField, refusedField } from './fields.ts';

/** nvidia-smi speaks the user's language and local time unless told not to. */
const env = { LC_ALL: 'C', TZ: 'UTC' };

/** How long a question may take: the driver may have to wake up several boards first. */
const askTimeoutMs = 60_000;

/** Fields that this driver can be asked for. Throws a ReadError when there is no tool or no driver. */
export async function discoverFields(command: string, signal: AbortSignal): Promise<readonly QueryField[]> {
  const { output } = await ask(command, ['--help-query-gpu'], signal);
  const fields = chooseFields(parseFieldHelp(output));
  if (!fields.some(({ wanted }) => wanted === 'uuid')) throw new ReadError('malformed', 'nvidia-smi names no fields');
  return withoutRefused(command, fields, signal);
}

/** A driver may list a field and refuse it all the same, one at a time: drop what it refuses. */
async function withoutRefused(
  command: string,
  fields: readonly QueryField[],
  signal: AbortSignal,
): Promise<readonly QueryField[]> {
  const { output, exitCode } = await ask(command, queryArguments(fields), signal);
  const refused = refusedField(output);
  if (exitCode !== 2 || refused === undefined) return fields;
  const rest = fields.filter(({ name }) => name !== refused);
  if (rest.length === fields.length) throw new ReadError('malformed', firstLine(output));
  return withoutRefused(command, rest, signal);
}

async function ask(command: string, args: readonly string[], signal: AbortSignal) {
  const { stdout, exitCode, cause, timedOut } = await execa(command, args, {
    env,
    cancelSignal: signal,
    reject: false,
    stdin: 'ignore',
    timeout: askTimeoutMs,
    maxBuffer: 2 ** 20,
  });
  if (timedOut) throw new ReadError('timeout', `${command} did not answer within ${askTimeoutMs / 1000} s`);
  if (exitCode === undefined) throw new ReadError('unreachable', `${command}: ${startFailure(cause)}`);
  if (exitCode !== 0 && exitCode !== 2) throw new ReadError('no_data', firstLine(stdout) || `exit code ${exitCode}`);
  return { output: stdout, exitCode };
}

/** The long-lived query; `onLine` hears each line. Resolves when it ends, with what it said last. */
export async function runLoop(
  command: string,
  fields: readonly QueryField[],
  options: { readonly intervalMs: number; readonly signal: AbortSignal; onLine(line: string): void },
): Promise<string> {
  const child = execa(command, [...queryArguments(fields), '-lms', String(options.intervalMs)], {
    env,
    cancelSignal: options.signal,
    reject: false,
    stdin: 'ignore',
    stderr: 'ignore',
    buffer: false,
    forceKillAfterDelay: 2000,
  });
  let last = '';
  for await (const line of child) {
    last = line;
    options.onLine(line);
  }
  const { exitCode } = await child;
  return `the loop ended with exit code ${exitCode ?? 'none'}: ${last}`;
}

function queryArguments(fields: readonly QueryField[]): readonly string[] {
  return [`--query-gpu=${fields.map(({ name }) => name).join(',')}`, '--format=csv,noheader,nounits'];
}

function startFailure(cause: unknown): string {
  return (cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT' ? 'no such program' : String(cause);
}

function firstLine(text: string): string {
  return text.trim().split('\n')[0] ?? '';
}
