import { Agent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import { family } from '@inferometer/core/catalogue/readings';
import { messageOf } from '@inferometer/core/errors';
import type { MetricFamily } from '@inferometer/core/exposition/family';
import { textContentType } from '@inferometer/core/exposition/write-text';
import { httpExchange, type HttpResponse, TimeoutError } from '@inferometer/core/http-request';
import type { Log } from '@inferometer/core/log';
import type { Sink } from '@inferometer/core/sink';
import { type Snapshot, snapshotText } from '@inferometer/core/snapshot';
import { type GroupingKey, groupPath } from './grouping-key.ts';

export interface BridgeOptions {
  readonly url: URL;
  readonly group: GroupingKey;
  readonly intervalMs: number;
  /** Part of the interval, 0 to 1, by which this node's pushes are put off, so that nodes do not push at once. */
  readonly phase: number;
  readonly credentials?: { readonly user: string; readonly password: string } | undefined;
}

/** How a push ended; all but `ok` are dropped. */
export type PushResult = 'ok' | 'rejected' | 'timeout' | 'unreachable';

/** When closing: this long at most for the last push, and for the DELETE. */
const closeTimeoutMs = 1500;
/** How long the last readings stay, in push intervals: a scrape interval and the time that a scrape takes. */
const lingerIntervals = 1.1;
/** They stay no longer than this: closing has 9 s, and a last push and a DELETE that hang take their time too. */
const maxLingerMs = 5500;

/**
 * Publishes the newest snapshot to a Pushgateway every interval by PUT, which replaces the group, and deletes the
 * group at the end: a Pushgateway forgets nothing by itself. One push at a time; a snapshot that comes while one is
 * under way waits, and is replaced by the next. What fails is counted and dropped.
 *
 * At the end the last readings stay for one interval, so that a Prometheus that scrapes as often as we push sees them.
 */
export class Bridge implements Sink {
  readonly name = 'pushgateway';
  readonly #options: BridgeOptions;
  readonly #log: Log;
  readonly #url: URL;
  readonly #connection: Agent;
  readonly #counts = new Map<PushResult, number>();
  #newest: Snapshot | undefined;
  #timer: NodeJS.Timeout | undefined;
  #pushing: Promise<void> = Promise.resolve();
  #isUp: boolean | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: BridgeOptions, log: Log) {
    this.#options = options;
    const ConnectionAgent = options.url.protocol === 'https:' ? HttpsAgent : Agent;
    this.#connection = new ConnectionAgent({ keepAlive: true, maxSockets: 1 });
    this.#log = log.with({ pushgateway: options.url.host });
    this.#url = new URL(groupPath(options.url, options.group), options.url);
  }

  accept(snapshot: Snapshot): void {
    if (this.#closing) return;
    this.#newest = snapshot;
    this.#timer ??= setTimeout(() => this.#onTime(), this.#options.phase * this.#options.intervalMs);
  }

  families(): readonly MetricFamily[] {
    return [
      family(
        'inferometer_pushes_total',
        [...this.#counts].map(([result, value]) => ({ labels: { result }, value })),
      ),
    ];
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    clearTimeout(this.#timer);
    const deadline = delay(closeTimeoutMs, false, { ref: false });
    const pushed = this.#pushing.then(() => this.#push(closeTimeoutMs)).then(() => this.#isUp === true);
    const isPublished = await Promise.race([pushed, deadline]);
    if (isPublished) await delay(Math.min(this.#options.intervalMs * lingerIntervals, maxLingerMs));
    // A push that still hangs must neither hold up the DELETE nor be followed by one that brings the group back.
    this.#newest = undefined;
    this.#connection.destroy();
    await this.#delete();
    this.#connection.destroy();
  }

  #onTime(): void {
    if (this.#closing) return;
    this.#pushing = this.#push(this.#options.intervalMs);
    this.#timer = setTimeout(() => void this.#pushing.then(() => this.#onTime()), this.#options.intervalMs);
  }

  async #push(timeoutMs: number): Promise<void> {
    const snapshot = this.#newest;
    if (!snapshot) return;
    this.#newest = undefined;
    try {
      const { status, body } = await this.#send('PUT', timeoutMs, snapshotText(snapshot));
      if (status === 200 || status === 202) this.#note('ok');
      else this.#note('rejected', `HTTP ${status}: ${body.trim().slice(0, 200)}`);
    } catch (error) {
      this.#note(error instanceof TimeoutError ? 'timeout' : 'unreachable', messageOf(error));
    }
  }

  async #delete(): Promise<void> {
    try {
      const { status } = await this.#send('DELETE', closeTimeoutMs);
      if (status !== 202) throw new Error(`HTTP ${status}`);
    } catch (error) {
      const { origin, pathname } = this.#url;
      this.#log.warn(`the group stays on the Pushgateway; delete it: curl -X DELETE ${origin}${pathname}`, {
        cause: messageOf(error),
      });
    }
  }

  #send(method: 'PUT' | 'DELETE', timeoutMs: number, body?: string): Promise<HttpResponse> {
    const { credentials } = this.#options;
    const basic = credentials && Buffer.from(`${credentials.user}:${credentials.password}`).toString('base64');
    return httpExchange(this.#url, {
      method,
      timeoutMs,
      agent: this.#connection,
      headers: { 'content-type': textContentType, ...(basic && { authorization: `Basic ${basic}` }) },
      ...(body !== undefined && { body }),
    });
  }

  #note(result: PushResult, cause?: string): void {
    this.#counts.set(result, (this.#counts.get(result) ?? 0) + 1);
    const isUp = result === 'ok';
    if (isUp !== this.#isUp) {
      if (isUp) this.#log.info('publishing to the Pushgateway');
      else this.#log.warn('a push failed and is dropped; trying again', { result, cause });
    }
    this.#isUp = isUp;
  }
}
