import type { Endpoint, RequestRecord } from '@inferometer/core/request-record';
import { Exchange, type ExchangeContext } from './exchange.ts';
import { HttpStream, type MessageHead } from './http-stream.ts';
import type { Ending } from './outcome.ts';

/** Why an observer gave up on a connection. */
export type ParseError = 'request' | 'response' | 'body';

/** What an observer tells its meter; each exchange is begun once and ended once. */
export interface ObserverEvents {
  begun(exchange: Exchange): void;
  /** The record is absent for an exchange that asked for no inference or could not be observed to its end. */
  ended(exchange: Exchange, record: RequestRecord | undefined): void;
  /** The last request that was under way, metered or not, has its answer. */
  idle(): void;
  gaveUp(reason: ParseError): void;
}

/** A request whose answer is still to come: `exchange` is absent where it is not metered. */
interface Pending {
  readonly exchange: Exchange | undefined;
  readonly bodiless: boolean;
}

/** Follows one connection on a copy of its bytes. Trouble ends the observation; it never reaches the bytes. */
export class ConnectionObserver {
  readonly #context: ExchangeContext;
  readonly #endpointOf: (head: MessageHead) => Endpoint | undefined;
  readonly #events: ObserverEvents;
  readonly #requests: HttpStream;
  readonly #responses: HttpStream;
  #sending: Pending | undefined;
  #pending: Pending[] = [];
  #watching = true;
  #clientHasLeft = false;
  /** The response at hand is a 1xx: the real one is still to come. */
  #interim = false;

  constructor(
    context: ExchangeContext,
    endpointOf: (head: MessageHead) => Endpoint | undefined,
    events: ObserverEvents,
  ) {
    this.#context = context;
    this.#endpointOf = endpointOf;
    this.#events = events;
    this.#requests = new HttpStream('REQUEST', {
      onHead: (head) => this.#requestHead(head),
      onBody: (chunk) => this.#sending?.exchange?.requestBody(chunk),
      onEnd: () => this.#requestEnd(),
    });
    this.#responses = new HttpStream('RESPONSE', {
      onHead: (head) => this.#responseHead(head),
      onBody: (chunk) => this.#responseBody(chunk),
      onEnd: () => this.#responseEnd(),
    });
  }

  /** True while a request is under way, or may be: a connection that cannot be observed counts as busy. */
  get busy(): boolean {
    return !this.#watching || this.#pending.length > 0;
  }

  fromClient(bytes: Buffer): void {
    this.#read(this.#requests, bytes, 'request');
  }

  fromServer(bytes: Buffer): void {
    this.#read(this.#responses, bytes, 'response');
  }

  clientLeft(): void {
    this.#clientHasLeft = true;
  }

  /** The connection is over. A body that only the end of the connection ends is whole when the engine ended it. */
  close(): void {
    if (!this.#watching) return;
    if (!this.#clientHasLeft) this.#responses.finish();
    const rest = this.#pending;
    this.#stop();
    for (const { exchange } of rest) this.#end(exchange, 'server_left');
  }

  #read(stream: HttpStream, bytes: Buffer, side: 'request' | 'response'): void {
    if (!this.#watching) return;
    try {
      if (!stream.push(bytes)) this.#giveUp(side);
    } catch {
      this.#giveUp(side);
    }
  }

  #requestHead(head: MessageHead): boolean {
    const endpoint = this.#endpointOf(head);
    const exchange = endpoint && new Exchange(this.#context, endpoint, head);
    this.#sending = { exchange, bodiless: head.method === 'HEAD' };
    this.#pending.push(this.#sending);
    if (exchange) this.#events.begun(exchange);
    return false;
  }

  #requestEnd(): void {
    this.#sending?.exchange?.requestEnd();
    this.#sending = undefined;
  }

  #responseHead(head: MessageHead): boolean {
    if (head.status === 101) this.#abandon();
    this.#interim = head.status < 200;
    const [current] = this.#pending;
    if (!this.#interim && current?.exchange?.responseHead(head) === false) this.#giveUp('body');
    return current?.bodiless === true;
  }

  #responseBody(chunk: Buffer): void {
    if (this.#pending[0]?.exchange?.responseBody(chunk) === false) this.#giveUp('body');
  }

  #responseEnd(): void {
    const [current] = this.#pending;
    if (!current || this.#interim) return;
    this.#pending.shift();
    this.#end(current.exchange, 'complete');
    if (!this.busy) this.#events.idle();
  }

  #end(exchange: Exchange | undefined, ending: Ending): void {
    const how = this.#clientHasLeft ? 'client_left' : ending;
    exchange?.end(how, (record) => this.#events.ended(exchange, record));
  }

  #giveUp(reason: ParseError): void {
    this.#abandon();
    this.#events.gaveUp(reason);
  }

  /** Watches no more; what is under way ends without a record. */
  #abandon(): void {
    const rest = this.#pending;
    this.#stop();
    for (const { exchange } of rest) if (exchange) this.#events.ended(exchange, undefined);
  }

  #stop(): void {
    this.#watching = false;
    this.#pending = [];
  }
}
