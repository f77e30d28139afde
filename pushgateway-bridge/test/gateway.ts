import { EventEmitter, once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { performance } from 'node:perf_hooks';
import { text } from 'node:stream/consumers';
import { boundTo } from '@inferometer/core/address';
import { onTestFinished } from 'vitest';

/** A request as the gateway got it. */
export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Milliseconds of the monotonic clock. */
  readonly at: number;
}

/** The status of the answer to a request, or no answer ever. */
export type Behaviour = (request: Received) => number | 'hang';

/** A server in a Pushgateway's place that answers as the test says. */
export class Gateway {
  readonly requests: Received[] = [];
  readonly #arrivals = new EventEmitter();
  readonly #server = createServer((request, response) => void this.#take(request, response));
  readonly #behaviour: Behaviour;

  private constructor(behaviour: Behaviour) {
    this.#behaviour = behaviour;
  }

  /** Serves until the test ends. */
  static async start(behaviour: Behaviour = () => 202): Promise<Gateway> {
    const gateway = new Gateway(behaviour);
    gateway.#server.listen(0, '127.0.0.1');
    await once(gateway.#server, 'listening');
    onTestFinished(() => gateway.stop());
    return gateway;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  get url(): URL {
    return new URL(`http://127.0.0.1:${boundTo(this.#server.address()).port}/`);
  }

  /** Method and body of each request so far. */
  get exchanges(): readonly (readonly [string, string])[] {
    return this.requests.map(({ method, body }) => [method, body]);
  }

  /** Resolves with request number `count`, from 1. */
  async request(count: number): Promise<Received> {
    for (;;) {
      const request = this.requests[count - 1];
      if (request) return request;
      await once(this.#arrivals, 'request');
    }
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url: path = '', headers } = request;
    const received = { method, path, headers, body: await text(request), at: performance.now() };
    this.requests.push(received);
    // As behind many a proxy: what waits for this connection gets another one.
    response.shouldKeepAlive = method !== 'DELETE';
    const status = this.#behaviour(received);
    if (status !== 'hang') response.writeHead(status).end(status === 400 ? 'pushed metrics are invalid\n' : '');
    this.#arrivals.emit('request');
  }
}
