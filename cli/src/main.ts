import { optionsHelp } from '@inferometer/core/config/help';
import { InferometerError } from '@inferometer/core/errors';
import { createLog } from '@inferometer/core/log';
import { version } from '@inferometer/core/version';
import type { Command, CommandContext } from './command.ts';
import { commands } from './commands.ts';

/** Runs the command line `argv` (without node and script). Resolves to the exit code. */
export async function main(argv: readonly string[], program: readonly [string, ...string[]]): Promise<number> {
  ignoreBrokenOutput();
  const [name = '', ...rest] = argv;
  if (name === '--version') return succeed(() => print(`${version}\n`));
  if (['', '-h', '--help', 'help'].includes(name)) return succeed(async () => print(await overview()));
  const load = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!load) {
    process.stderr.write(`inferometer: no command "${name}"; one of ${Object.keys(commands).join(', ')}\n`);
    return 2;
  }
  const command = await load();
  if (asksForHelp(rest)) return succeed(() => print(commandHelp(command)));
  return runCommand(name, command, { argv: rest, env: process.env, log: createLog(process.stderr), program, print });
}

/** A log that nobody reads, or a full disk behind it, must end neither the job nor the way to an engine. */
function ignoreBrokenOutput(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
}

function print(text: string): void {
  process.stdout.write(text);
}

async function runCommand(name: string, command: Command, context: CommandContext): Promise<number> {
  try {
    return await command.run(context);
  } catch (error) {
    if (!(error instanceof InferometerError)) throw error;
    const lines = error.problems.map((problem) => `inferometer ${name}: ${problem}\n`);
    const help = error.exitCode === 2 ? `; inferometer ${name} --help tells the options` : '';
    process.stderr.write(`${lines.join('')}${error.code}: see docs/errors.md${help}\n`);
    return error.exitCode;
  }
}

async function succeed(act: () => void | Promise<void>): Promise<number> {
  await act();
  return 0;
}

function asksForHelp(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return (end === -1 ? argv : argv.slice(0, end)).some((word) => word === '--help' || word === '-h');
}

async function overview(): Promise<string> {
  const rows = await Promise.all(
    Object.entries(commands).map(async ([name, load]) => `  ${name.padEnd(8)}${(await load()).summary}\n`),
  );
  return [
    'inferometer: the instrument panel for LLM inference jobs on HPC\n\n',
    'Usage: inferometer COMMAND [OPTIONS]\n\nCommands:\n',
    ...rows,
    '\nEvery option is also a variable, INFEROMETER_<OPTION>. inferometer COMMAND --help tells more.\n',
  ].join('');
}

function commandHelp({ summary, usage, options, notes }: Command): string {
  return `${summary}\n\nUsage: inferometer ${usage}\n\nOptions:\n${optionsHelp(options)}${notes ? `\n${notes}\n` : ''}`;
}
