import { HTTPParser } from 'http-parser-js';

/** A message's first line and headers; header names are lower case, the first of equal names wins. */
export interface MessageHead {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  /** The connection carries another protocol from here on. */
  readonly upgrade: boolean;
}

export interface MessageHandlers {
  /** Returns true when the message has no body whatever its headers say (the answer to HEAD). */
  onHead(head: MessageHead): boolean;
  /** A piece of the body, without the framing of chunks. */
  onBody(chunk: Buffer): void;
  onEnd(): void;
}

/** Reads the messages of one direction of a connection, keep-alive and pipelined, from bytes as they come. */
export class HttpStream {
  readonly #parser;

  constructor(type: 'REQUEST' | 'RESPONSE', handlers: MessageHandlers) {
    this.#parser = new HTTPParser(type);
    this.#parser[HTTPParser.kOnHeadersComplete] = (info) => {
      const { method, url, statusCode, headers, upgrade } = info;
      return handlers.onHead({
        method: HTTPParser.methods[method] ?? '',
        path: url ?? '',
        status: statusCode ?? 0,
        headers: headerMap(headers),
        upgrade,
      })
        ? 1
        : 0;
    };
    this.#parser[HTTPParser.kOnBody] = (chunk, _offset, length) => {
      // The parser goes round for ever on a negative length of a body or chunk.
      if (length <= 0) throw new Error('a body of no length');
      handlers.onBody(chunk);
    };
    this.#parser[HTTPParser.kOnMessageComplete] = () => handlers.onEnd();
  }

  /** False when the bytes are no HTTP; nothing more can be read then. */
  push(bytes: Buffer): boolean {
    return typeof this.#parser.execute(bytes) === 'number';
  }

  /** The sender is done: ends a body that only the end of the connection ends. */
  finish(): void {
    this.#parser.finish();
  }
}

function headerMap(list: readonly string[]): ReadonlyMap<string, string> {
  const map = new Map<string, string>();
  for (let index = 0; index + 1 < list.length; index += 2) {
    const name = (list[index] ?? '').toLowerCase();
    if (!map.has(name)) map.set(name, list[index + 1] ?? '');
  }
  return map;
}
