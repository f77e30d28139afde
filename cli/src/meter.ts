import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import { formatHostPort, serverName } from '@inferometer/core/address';
import { resolveOptions } from '@inferometer/core/config/resolve';
import { ConfigError, messageOf } from '@inferometer/core/errors';
import { resolveIdentity } from '@inferometer/core/identity';
import { Meter } from '@inferometer/meter/meter';
import { RecordWriter } from '@inferometer/meter/record-writer';
import type { MeteredEngine } from '@inferometer/meter/routes';
import { serveStatus } from '@inferometer/meter/status-server';
import type { Command, CommandContext } from './command.ts';
import { meterOptions } from './options.ts';
import { termination } from './signals.ts';

export const meterCommand: Command = {
  summary: 'Relay requests to an inference server and record each of them.',
  usage: 'meter --engine ollama --listen HOST:PORT --upstream URL --run-dir DIR',
  options: meterOptions,
  notes: 'TERM: no new connections; those that are busy are relayed to their end, then exit 0.',
  run: runMeter,
};

async function runMeter({ argv, env, log }: CommandContext): Promise<number> {
  const { values } = resolveOptions(meterOptions, { argv, env });
  const { engine, listen, upstream, 'run-dir': runDir, 'status-socket': statusSocket } = values;
  const missing = (['engine', 'listen', 'upstream', 'run-dir'] as const).filter((name) => values[name] === undefined);
  const problems = missing.map((name) => `--${name}: needed`);
  if (upstream && (upstream.protocol !== 'http:' || upstream.pathname !== '/')) {
    problems.push(
      `--upstream ${upstream.href}: bytes are relayed as they are, so http://HOST:PORT alone can be reached`,
    );
  }
  if (!engine || !listen || !upstream || !runDir || problems.length > 0) throw new ConfigError(problems);
  const { node } = resolveIdentity({ run: 'any', node: values.node }, env, { name: hostname(), now: new Date() });
  const server = serverName(upstream);
  const meterLog = log.with({ component: 'meter', run: basename(runDir), node, server });
  const records = new RecordWriter(join(runDir, 'nodes', node, 'requests'), (error) =>
    meterLog.error('request records cannot be written; trying again', { cause: messageOf(error) }),
  );
  const meter = new Meter(
    { engine: engine as MeteredEngine, server, upstream: socketAddress(upstream), listen },
    records,
    meterLog,
  );
  const bound = await meter.start();
  const status =
    statusSocket === undefined
      ? undefined
      : await serveStatus(statusSocket, { status: () => meter.status(), flush: () => records.flush() });
  meterLog.info('metering', { listen: formatHostPort(bound), records: records.path });
  await termination();
  await meter.drain();
  status?.close();
  await records.close();
  meterLog.info('ended');
  return 0;
}

function socketAddress(url: URL): { host: string; port: number } {
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port || '80') };
}
