import { createServer, type Server } from 'node:http';
import { performance } from 'node:perf_hooks';
import { boundTo, formatHostPort, type HostPort } from '@inferometer/core/address';
import { InferometerError, messageOf } from '@inferometer/core/errors';
import type { MetricFamily } from '@inferometer/core/exposition/family';
import { textContentType } from '@inferometer/core/exposition/write-text';
import type { Sink } from '@inferometer/core/sink';
import { type Snapshot, snapshotText } from '@inferometer/core/snapshot';
import express, { type Express } from 'express';
import { requireToken } from './auth.ts';

export interface HttpSinkOptions {
  readonly listen: HostPort;
  readonly intervalMs: number;
  /** When given, everything but /-/healthy and /-/ready asks for it. */
  readonly token?: string | undefined;
}

/** Ticks without a snapshot after which the readings are too old to serve. */
const staleTicks = 3;

/** Serves the latest snapshot over HTTP: a scrape costs its text alone, and all views agree. */
export class HttpSink implements Sink {
  readonly name = 'http';
  readonly #options: HttpSinkOptions;
  readonly #server: Server;
  #latest: { snapshot: Snapshot; at: number } | undefined;

  constructor(options: HttpSinkOptions) {
    this.#options = options;
    this.#server = createServer(this.#app());
  }

  /** Binds the listener. Throws INFEROMETER_LISTEN_TAKEN when the address cannot be had. */
  async listen(): Promise<HostPort> {
    const { host, port } = this.#options.listen;
    await new Promise<void>((resolve, reject) => {
      const refuse = (error: Error) => {
        const address = formatHostPort(this.#options.listen);
        reject(new InferometerError('INFEROMETER_LISTEN_TAKEN', `--listen ${address}: ${messageOf(error)}`));
      };
      this.#server.once('error', refuse);
      this.#server.listen(port, host, () => {
        // From here on trouble costs a connection, not the agent.
        this.#server.off('error', refuse).on('error', () => undefined);
        resolve();
      });
    });
    return boundTo(this.#server.address());
  }

  accept(snapshot: Snapshot): void {
    this.#latest = { snapshot, at: performance.now() };
  }

  families(): readonly MetricFamily[] {
    return [];
  }

  close(): Promise<void> {
    if (!this.#server.listening) return Promise.resolve();
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  #app(): Express {
    const app = express();
    app.disable('x-powered-by').disable('etag');
    app.get('/-/healthy', (_, response) => void response.type('text').send('healthy\n'));
    app.get('/-/ready', (_, response) => {
      const isReady = this.#latest !== undefined;
      response
        .status(isReady ? 200 : 503)
        .type('text')
        .send(isReady ? 'ready\n' : 'no snapshot yet\n');
    });
    if (this.#options.token !== undefined) app.use(requireToken(this.#options.token));
    app.get(['/metrics', '/metrics/prometheus'], (_, response) => {
      const snapshot = this.#fresh();
      if (snapshot) response.set('Content-Type', textContentType).end(snapshotText(snapshot));
      else response.status(503).type('text').send('no tick for too long; see the agent log\n');
    });
    app.get('/api/v1/snapshot', (_, response) => {
      const snapshot = this.#fresh();
      if (snapshot) response.json(snapshot);
      else response.status(503).json({ error: 'no tick for too long' });
    });
    return app;
  }

  #fresh(): Snapshot | undefined {
    if (!this.#latest) return undefined;
    const isFresh = performance.now() - this.#latest.at <= staleTicks * this.#options.intervalMs;
    return isFresh ? this.#latest.snapshot : undefined;
  }
}
