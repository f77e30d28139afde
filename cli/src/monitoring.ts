import { formatHostPort, type HostPort } from '@inferometer/core/address';
import { InferometerError, messageOf } from '@inferometer/core/errors';
import { readSecretFile } from '@inferometer/core/files';
import type { Log } from '@inferometer/core/log';
import type { MeterStatus } from '@inferometer/core/meter-status';
import { Agent } from '@inferometer/exporter/agent';
import { HttpSink } from '@inferometer/exporter/http/http-sink';
import type { SupervisedMeter } from '@inferometer/exporter/meters/supervised-meter';
import { endAgentFile, refuseSecondAgent, writeAgentFile } from './agent-file.ts';
import { type AgentValues, choosePlace, createBridge, createMeters } from './agent-setup.ts';
import { createCollectors } from './collectors.ts';
import type { CommandContext } from './command.ts';

/** The agent at work. */
export interface Monitoring {
  /** Reads and publishes a last time and ends everything but busy meters. Never rejects. */
  close(): Promise<void>;
}

/** Wires the agent by its options and starts it. Rejects with an InferometerError, and then nothing is left running. */
export async function startMonitoring(values: AgentValues, context: CommandContext): Promise<Monitoring> {
  const place = choosePlace(values, context.env);
  refuseSecondAgent(place);
  const log = context.log.with({ run: place.identity.run, node: place.identity.node });
  const token = values['token-file'] === undefined ? undefined : readSecretFile(values['token-file']);
  const bridge = createBridge(values, place, log);
  const meters = createMeters(values, place, { ...context, log });
  const { http, address } = await bindHttp(values, token, log);
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
  const close = async (): Promise<void> => {
    await Promise.all(meters.map((meter) => meter.flush()));
    await agent.close();
    await Promise.all(meters.map((meter) => meter.stop()));
    log.info('ended');
  };
  agent.start();
  try {
    writeAgentFile(place, address, started);
  } catch (error) {
    await close();
    throw error;
  }
  log.info('monitoring', { metrics: `http://${formatHostPort(address)}/metrics`, run_dir: place.runDir });
  return {
    close: async () => {
      await close();
      try {
        endAgentFile(place);
      } catch (error) {
        log.warn('agent.json still says that we live', { cause: messageOf(error) });
      }
    },
  };
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
