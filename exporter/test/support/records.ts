import type { RequestRecord } from '@inferometer/core/request-record';

/** A record of a request that ended well, answered in one piece; what is given goes first. */
export function record(fields: Partial<RequestRecord> = {}): RequestRecord {
  return {
    version: 1,
    request_id: 'r',
    engine: 'ollama',
    server: 'node7:11434',
    model: 'm',
    endpoint: 'generate',
    streamed: false,
    start_unix_seconds: 1000,
    start_monotonic_seconds: 5,
    duration_seconds: 1,
    outcome: 'ok',
    status: 200,
    request_bytes: 10,
    response_bytes: 20,
    ...fields,
  };
}
