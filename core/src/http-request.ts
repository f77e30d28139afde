import { type IncomingMessage, type RequestOptions, request as httpRequest, type Agent } from 'node:http';
import { request as httpsRequest } from 'node:https';

export interface HttpRequest {
  readonly method?: 'GET' | 'PUT' | 'POST' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** From the call to the last byte of the answer. */
  readonly timeoutMs: number;
  /** A longer answer is refused; default 16 MiB. */
  readonly maxBytes?: number;
  readonly agent?: Agent;
  readonly socketPath?: string;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** Thrown when an answer did not come in time; every other failure is the system's own error. */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError';
}

/** One HTTP exchange, bounded in time and size. Any status resolves; no answer rejects. Redirects are not followed. */
export function httpExchange(url: URL, options: HttpRequest): Promise<HttpResponse> {
  const { timeoutMs, body, maxBytes = 16 * 2 ** 20 } = options;
  return new Promise((resolve, reject) => {
    const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, requestOptions(options));
    const timer = setTimeout(() => {
      request.destroy(new TimeoutError(`no answer from ${url.host} within ${timeoutMs} ms`));
    }, timeoutMs);
    const settle = <T>(done: (value: T) => void) => {
      return (value: T) => {
        clearTimeout(timer);
        done(value);
      };
    };
    request.on('error', settle(reject));
    request.on('response', (response) => {
      readBody(response, maxBytes).then(
        settle((text) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text })),
        settle(reject),
      );
    });
    request.end(body);
  });
}

function requestOptions({ method = 'GET', headers, body, agent, socketPath }: HttpRequest): RequestOptions {
  const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
  return {
    method,
    headers: { ...headers, ...length },
    ...(agent && { agent }),
    ...(socketPath !== undefined && { socketPath }),
  };
}

async function readBody(response: IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) throw new Error(`the answer is longer than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
