import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { boundTo, formatHostPort, type HostPort } from '@inferometer/core/address';
import { InferometerError, messageOf } from '@inferometer/core/errors';
import type { Log } from '@inferometer/core/log';
import type { InFlight, MeterStatus } from '@inferometer/core/meter-status';
import type { RequestRecord } from '@inferometer/core/request-record';
import { systemClock } from './clock.ts';
import type { Exchange, ExchangeContext } from './exchange.ts';
import { FailureLog } from './failure-log.ts';
import { ConnectionObserver, type ParseError } from './observer.ts';
import { relay, type Upstream } from './relay.ts';
import { endpointOf, type MeteredEngine, wireOf } from './routes.ts';
import { framingOf } from './taps/framing.ts';
import { WireTap } from './taps/wire-tap.ts';

export interface MeterOptions {
  readonly engine: MeteredEngine;
  /** The engine's `host:port`, as the `server` label. */
  readonly server: string;
  readonly upstream: Upstream;
  readonly listen: HostPort;
}

/** Where records go. */
export interface RecordSink {
  write(record: RequestRecord): void;
  readonly lost: number;
}

/** The metering relay in front of one engine: relays every connection and records every metered request. */
export class Meter {
  readonly #options: MeterOptions;
  readonly #records: RecordSink;
  readonly #log: Log;
  readonly #failures: FailureLog;
  readonly #server: Server;
  readonly #connections = new Map<Socket, ConnectionObserver>();
  readonly #exchanges = new Set<Exchange>();
  readonly #parseErrors: Record<ParseError, number> = { request: 0, response: 0, body: 0 };
  #draining = false;

  constructor(options: MeterOptions, records: RecordSink, log: Log) {
    this.#options = options;
    this.#records = records;
    this.#log = log;
    this.#failures = new FailureLog(log);
    this.#server = createServer({ allowHalfOpen: true }, (client) => this.#accept(client));
  }

  /** Binds the listener. Throws INFEROMETER_LISTEN_TAKEN when the address cannot be had. */
  async start(): Promise<HostPort> {
    const { host, port } = this.#options.listen;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (error) => {
        const address = formatHostPort(this.#options.listen);
        reject(new InferometerError('INFEROMETER_LISTEN_TAKEN', `--listen ${address}: ${messageOf(error)}`));
      });
      this.#server.listen(port, host, resolve);
    });
    this.#server.on('error', (error) => this.#log.error('the listener has trouble', { cause: messageOf(error) }));
    return boundTo(this.#server.address());
  }

  /** Takes no new connection, closes idle ones and resolves when the last busy one has ended by itself. */
  async drain(): Promise<void> {
    this.#draining = true;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const [client, observer] of this.#connections) if (!observer.busy) client.destroySoon();
    await closed;
    // An encoded answer is known a little after its last byte.
    while (this.#exchanges.size > 0) await delay(1);
  }

  status(): MeterStatus {
    const { engine, server } = this.#options;
    return {
      version: 1,
      pid: process.pid,
      engine,
      server,
      listen: formatHostPort(boundTo(this.#server.address())),
      inFlight: groupInFlight(this.#exchanges),
      parseErrors: { ...this.#parseErrors },
      recordsLost: this.#records.lost,
    };
  }

  #accept(client: Socket): void {
    const { engine, upstream, server } = this.#options;
    const context: ExchangeContext = {
      engine,
      server,
      clock: systemClock,
      createTap: (endpoint, contentType) => new WireTap(wireOf(engine, endpoint), framingOf(contentType)),
    };
    const observer = new ConnectionObserver(context, (head) => endpointOf(engine, head), {
      begun: (exchange) => this.#exchanges.add(exchange),
      ended: (exchange, record) => this.#ended(exchange, record),
      idle: () => this.#draining && setImmediate(() => this.#closeIfIdle(client)),
      gaveUp: (reason) => this.#gaveUp(reason),
    });
    this.#connections.set(client, observer);
    client.on('close', () => this.#connections.delete(client));
    relay(client, upstream, observer);
  }

  #ended(exchange: Exchange, record: RequestRecord | undefined): void {
    this.#exchanges.delete(exchange);
    if (!record) return;
    this.#records.write(record);
    this.#failures.add(record);
  }

  #closeIfIdle(client: Socket): void {
    if (this.#connections.get(client)?.busy === false) client.destroySoon();
  }

  #gaveUp(reason: ParseError): void {
    this.#parseErrors[reason] += 1;
    if (this.#parseErrors[reason] === 1) {
      this.#log.warn('a connection cannot be observed; its bytes are relayed all the same', { reason });
    }
  }
}

function groupInFlight(exchanges: ReadonlySet<Exchange>): readonly InFlight[] {
  const groups = new Map<string, InFlight>();
  for (const { endpoint, model } of exchanges) {
    const key = JSON.stringify([endpoint, model]);
    const count = (groups.get(key)?.count ?? 0) + 1;
    groups.set(key, { endpoint, ...(model !== undefined && { model }), count });
  }
  return [...groups.values()];
}
