import type { Endpoint, Outcome, Reason } from '@inferometer/core/request-record';
import type { FailureReason } from '@inferometer/exporter/collector';
import type { ParseError } from '@inferometer/meter/observer';
import type { PushResult } from '@inferometer/pushgateway-bridge/bridge';

/** Values of a label in order, with what each means. */
export interface LabelVocabulary {
  readonly label: string;
  /** Where the label stands, when its name means something else elsewhere. */
  readonly of: string;
  readonly values: Readonly<Record<string, string>>;
}

const outcomes: Record<Outcome, string> = {
  ok: 'answered completely with a status of 2xx',
  client_error: 'answered with 4xx, other than those below',
  server_error:
    'answered with 5xx other than those below, not connected, reset before an answer, or an error in the stream',
  overloaded: 'answered with 429 or 503',
  timeout: 'answered with 408 or 504',
  truncated: 'the answer ended without its end marker',
  aborted: 'the client left first; not an error',
};

const reasons: Record<Reason, string> = {
  http_4xx: 'a status of 4xx; outcome `client_error`',
  http_5xx: 'a status of 5xx; outcome `server_error`',
  overloaded: 'a status of 429 or 503',
  timeout: 'a status of 408 or 504',
  connect: 'no connection to the engine, or none that lasted until an answer; outcome `server_error`',
  stream_error: 'an error object in an answer that began with 200; outcome `server_error`',
  truncated: 'an answer without its end marker',
};

const endpoints: Record<Endpoint, string> = {
  generate: '`/api/generate` of Ollama',
  chat: '`/api/chat` of Ollama',
  embed: '`/api/embed` of Ollama',
  v1_chat: '`/v1/chat/completions`',
  v1_completions: '`/v1/completions`',
  v1_responses: '`/v1/responses`',
  v1_messages: '`/v1/messages`',
  v1_embeddings: '`/v1/embeddings`',
};

const failureReasons: Record<FailureReason, string> = {
  no_data: 'the source answered that it has no readings',
  unreachable: 'no connection, no such file or no such program',
  malformed: 'an answer that is not understood',
  timeout: 'no answer in time',
};

const parseErrors: Record<ParseError, string> = {
  request: 'a request',
  response: 'the head of an answer',
  body: 'the body of an answer',
};

const pushResults: Record<PushResult, string> = {
  ok: 'taken by the Pushgateway',
  rejected: 'answered with a status other than 200 and 202',
  timeout: 'no answer within the push interval',
  unreachable: 'no connection',
};

/** The labels whose values are a fixed list. */
export const vocabularies: readonly LabelVocabulary[] = [
  { label: 'outcome', of: '`*_requests_total`: how a request ended', values: outcomes },
  { label: 'reason', of: '`*_errors_total`: why a request failed', values: reasons },
  {
    label: 'endpoint',
    of: 'metrics of requests: what was asked of the engine',
    values: endpoints,
  },
  {
    label: 'source',
    of: 'metrics of requests: who measured them',
    values: { meter: 'the meter in front of the engine', native: "the engine's own metrics" },
  },
  {
    label: 'reason',
    of: '`inferometer_collector_failures_total`: why a reading failed',
    values: failureReasons,
  },
  {
    label: 'reason',
    of: '`inferometer_parse_errors_total`: what the meter could not read',
    values: parseErrors,
  },
  {
    label: 'result',
    of: '`inferometer_pushes_total`: how a push ended',
    values: pushResults,
  },
];
