import type { Endpoint, Engine } from './request-record.ts';

/** Requests in flight of one endpoint and model. */
export interface InFlight {
  readonly endpoint: Endpoint;
  /** Absent while the request has not said it. */
  readonly model?: string;
  readonly count: number;
}

/** What a meter answers on `GET /status` of its Unix socket, as JSON. */
export interface MeterStatus {
  readonly version: 1;
  readonly pid: number;
  readonly engine: Engine;
  readonly server: string;
  /** The address that clients reach, `host:port`. */
  readonly listen: string;
  readonly inFlight: readonly InFlight[];
  /** Exchanges that could not be observed, by reason. */
  readonly parseErrors: Readonly<Record<string, number>>;
  /** Records given up because the run directory could not be written. */
  readonly recordsLost: number;
}
