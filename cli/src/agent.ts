import { join } from 'node:path';
import { formatHostPort, type HostPort } from '@inferometer/core/address';
import { resolveOptions } from '@inferometer/core/config/resolve';
import { InferometerError } from '@inferometer/core/errors';
import { readSecretFile, writeJsonAtomically } from '@inferometer/core/files';
import type { Log } from '@inferometer/core/log';
import type { MeterStatus } from '@inferometer/core/meter-status';
import { version } from '@inferometer/core/version';
import { Agent } from '@inferometer/exporter/agent';
import type { Collector } from '@inferometer/exporter/collector';
import { constantCollector } from '@inferometer/exporter/collectors/constant';
import { hostCollector } from '@inferometer/exporter/collectors/host';
import { readInventory } from '@inferometer/exporter/collectors/inventory';
import { NvidiaSmiCollector } from '@inferometer/exporter/collectors/nvidia-smi/collector';
import { requestsCollector } from '@inferometer/exporter/collectors/requests';
import { runInfo } from '@inferometer/exporter/collectors/run-info';
import { ollamaCollector } from '@inferometer/exporter/engines/ollama';
import { vllmCollector } from '@inferometer/exporter/engines/vllm';
import { HttpSink } from '@inferometer/exporter/http/http-sink';
import type { SupervisedMeter } from '@inferometer/exporter/meters/supervised-meter';
import { RequestMetrics } from '@inferometer/exporter/requests/request-metrics';
import { type AgentValues, checkTogether, choosePlace, createBridge, createMeters, type Place } from './agent-setup.ts';
import type { Command, CommandContext } from './command.ts';
import { agentOptions } from './options.ts';
import { runPayload } from './payload.ts';
import { termination } from './signals.ts';

export const agentCommand: Command = {
  summary: 'Sample, serve and publish the readings of this node.',
  usage: 'agent [OPTIONS] [-- COMMAND ...]',
  options: agentOptions,
  notes:
    'With COMMAND: runs it, monitored, and exits with its code. Without: until TERM or INT, then exit 0.\n' +
    'A missing engine, Pushgateway or nvidia-smi is a source that is down, never a reason to end.',
  run: runAgent,
};

async function runAgent(context: CommandContext): Promise<number> {
  const { values, command } = resolveOptions(agentOptions, context);
  checkTogether(values);
  const place = choosePlace(values, context.env);
  const log = context.log.with({ run: place.identity.run, node: place.identity.node });
  const token = values['token-file'] === undefined ? undefined : readSecretFile(values['token-file']);
  const bridge = createBridge(values, place, log);
  const meters = createMeters(values, place, { ...context, log });
  const { http, address } = await bindHttp(values, token, log);
  const terminated = termination();
  const started = await startMeters(meters).catch(async (error: unknown) => {
    await http.close();
    throw error;
  });
  const agent = new Agent({
    collectors: createCollectors(values, place, meters, context, log),
    sinks: [http, ...(bridge ? [bridge] : [])],
    intervalMs: values['sample-interval'],
    log,
  });
  agent.start();
  try {
    writeAgentFile(
      place,
      address,
      started.map(({ engine, server, listen }) => ({ engine, server, listen })),
    );
    log.info('monitoring', { metrics: `http://${formatHostPort(address)}/metrics`, run_dir: place.runDir });
    return command.length > 0 ? await runPayload(command, terminated) : await terminated.then(() => 0);
  } finally {
    await Promise.all(meters.map((meter) => meter.flush()));
    await agent.close();
    await Promise.all(meters.map((meter) => meter.stop()));
    log.info('ended');
  }
}

/** Starts all meters. When one cannot start, the others are asked to end: they would outlive us. */
async function startMeters(meters: readonly SupervisedMeter[]): Promise<readonly MeterStatus[]> {
  const starts = meters.map((meter) => meter.start());
  const failed = (await Promise.allSettled(starts)).some(({ status }) => status === 'rejected');
  if (failed) await Promise.all(meters.map((meter) => meter.stop()));
  return Promise.all(starts);
}

/** Binds --listen, or the default address and, when that is taken, any free port. */
async function bindHttp(
  values: AgentValues,
  token: string | undefined,
  log: Log,
): Promise<{ http: HttpSink; address: HostPort }> {
  const bind = async (listen: HostPort) => {
    const http = new HttpSink({ listen, intervalMs: values['sample-interval'], token });
    return { http, address: await http.listen() };
  };
  if (values.listen) return bind(values.listen);
  const host = '127.0.0.1';
  try {
    return await bind({ host, port: 6000 });
  } catch (error) {
    if (!(error instanceof InferometerError)) throw error;
    const chosen = await bind({ host, port: 0 });
    log.warn('port 6000 is taken; serving on another', { listen: formatHostPort(chosen.address) });
    return chosen;
  }
}

function createCollectors(
  values: AgentValues,
  { identity, nodeDir }: Place,
  meters: readonly SupervisedMeter[],
  { env }: CommandContext,
  log: Log,
): readonly Collector[] {
  const cadenceMs = values['sample-interval'];
  const metrics = new RequestMetrics();
  const admit = (models: readonly string[]) => models.forEach((model) => metrics.models.admit(model));
  return [
    constantCollector('run', () => Promise.resolve(runInfo(identity, env, version)), log),
    constantCollector('inventory', readInventory, log),
    hostCollector({ pathProc: values['path-proc'], cadenceMs }, log),
    new NvidiaSmiCollector({ command: values['nvidia-smi'], intervalMs: cadenceMs }, log),
    ...values.ollama.map((url) => ollamaCollector(url, admit, log)),
    ...values.vllm.map((url) => vllmCollector(url, cadenceMs, log)),
    ...(meters.length > 0
      ? [requestsCollector({ folder: join(nodeDir, 'requests'), meters, metrics, cadenceMs }, log)]
      : []),
  ];
}

/** Tells others on this file system where we are; written once everything is bound and a snapshot exists. */
function writeAgentFile({ identity, nodeDir }: Place, address: HostPort, meters: readonly object[]): void {
  writeJsonAtomically(join(nodeDir, 'agent.json'), {
    version: 1,
    ready: true,
    run: identity.run,
    node: identity.node,
    pid: process.pid,
    started_unix_seconds: Date.now() / 1000,
    http: formatHostPort(address),
    meters,
  });
}
