import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resolveOptions } from '@inferometer/core/config/resolve';
import { InferometerError } from '@inferometer/core/errors';
import type { Engine } from '@inferometer/core/request-record';
import type { Command, CommandContext } from '../command.ts';
import { demoOptions } from '../options.ts';
import { termination } from '../signals.ts';
import { type AgentFile, startAgent } from './agent-child.ts';
import { Children } from './children.ts';
import { addressLines, Screen } from './screen.ts';
import { Simulation } from './simulation.ts';
import { chooseSources } from './sources.ts';
import { startPrometheus, startPushgateway } from './stack.ts';

export const demoCommand: Command = {
  summary: 'Show Inferometer at work on this machine (what npm start runs).',
  usage: 'demo',
  options: demoOptions,
  notes:
    'Watches your own Ollama or vLLM; where none answers, simulated engines with a simulated load.\n' +
    'Starts a Pushgateway and a Prometheus from the PATH. Ctrl-C ends all that it started.',
  run: runDemo,
};

async function runDemo(context: CommandContext): Promise<number> {
  const { values } = resolveOptions(demoOptions, context);
  const repository = join(import.meta.dirname, '..', '..', '..');
  if (!existsSync(join(repository, 'test', 'fakes', 'ollama.ts'))) {
    throw new InferometerError('INFEROMETER_PART_MISSING', 'the demo runs from a clone of the repository: npm start');
  }
  const folder = mkdtempSync(join(tmpdir(), 'inferometer-demo-'));
  const children = new Children(folder);
  const screen = new Screen(context.print);
  const ended = termination();
  try {
    await Promise.race([ended, show(context, { candidates: values, repository, folder, children, screen })]);
  } finally {
    screen.close();
    screen.line('Ending everything that was started ...');
    await children.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  screen.line('Done.');
  return 0;
}

interface Stage {
  readonly candidates: Readonly<Record<Engine, URL>>;
  readonly repository: string;
  readonly folder: string;
  readonly children: Children;
  readonly screen: Screen;
}

/** Starts everything, then shows figures until the caller ends it. */
async function show(
  { program }: CommandContext,
  { candidates, repository, folder, children, screen }: Stage,
): Promise<never> {
  const simulation = new Simulation(children, join(repository, 'test', 'fakes'));
  const sources = await chooseSources(candidates, simulation);
  screen.line('Inferometer watches here:');
  for (const note of sources.notes) screen.line(`  ${note}`);
  screen.progress('starting a Pushgateway and a Prometheus');
  const pushgateway = await startPushgateway(children);
  const prometheus =
    pushgateway && (await startPrometheus(children, { sources: join(repository, 'prometheus'), folder, pushgateway }));
  screen.progress('starting the agent');
  const publish = pushgateway ? ['--pushgateway', pushgateway.origin, '--push-interval', '1s'] : [];
  const agent = await startAgent(children, program, join(folder, 'run'), [...sources.agentArgs, ...publish]);
  for (const { engine, ...simulated } of sources.loads) {
    await simulation.startLoad(engine, { ...simulated, url: meteredUrl(agent, engine) ?? simulated.url });
  }
  screen.lines(addressLines({ agent, pushgateway, prometheus }));
  return screen.showFigures(new URL(`http://${agent.http}`));
}

/** Where clients of an engine come in to be metered. */
function meteredUrl({ meters }: AgentFile, engine: string): URL | undefined {
  const meter = meters.find((each) => each.engine === engine);
  return meter && new URL(`http://${meter.listen}`);
}
