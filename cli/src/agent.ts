import { resolveOptions } from '@inferometer/core/config/resolve';
import { InferometerError, messageOf } from '@inferometer/core/errors';
import { checkTogether } from './agent-setup.ts';
import type { Command, CommandContext } from './command.ts';
import { type Monitoring, startMonitoring } from './monitoring.ts';
import { agentOptions } from './options.ts';
import { runPayload } from './payload.ts';
import { termination } from './signals.ts';

export const agentCommand: Command = {
  summary: 'Sample, serve and publish the readings of this node.',
  usage: 'agent [OPTIONS] [-- COMMAND ...]',
  options: agentOptions,
  notes:
    'With COMMAND: runs it, monitored, and exits with its code. Without: until TERM, INT or HUP, then exit 0.\n' +
    'A missing engine, Pushgateway or nvidia-smi is a source that is down, never a reason to end.',
  run: runAgent,
};

async function runAgent(context: CommandContext): Promise<number> {
  const { values, command, ignored } = resolveOptions(agentOptions, { ...context, ignoredKeys: ['output_file'] });
  for (const key of ignored) context.log.warn(`${key} of the configuration file means nothing to this version`);
  checkTogether(values);
  const terminated = termination();
  const monitoring = await startMonitoring(values, context).catch((error: unknown) => {
    if (command.length > 0) return unmonitored(error, context);
    throw error;
  });
  const exitCode = command.length > 0 ? await runPayload(command, terminated) : await terminated.then(() => 0);
  await monitoring?.close();
  return exitCode;
}

/** A fault of the machine costs the command its monitoring, not its run; wrong usage is still the user's to mend. */
function unmonitored(error: unknown, { log }: CommandContext): Monitoring | undefined {
  const isFault =
    error instanceof InferometerError && ['INFEROMETER_RUN_DIR', 'INFEROMETER_CHILD'].includes(error.code);
  if (!isFault) throw error;
  log.error('the command runs unmonitored', { code: error.code, cause: messageOf(error) });
  return undefined;
}
