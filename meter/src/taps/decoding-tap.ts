import { createBrotliDecompress, createGunzip, createInflate, type Gunzip } from 'node:zlib';
import type { Tap, TapResult } from './tap.ts';

/** Makes the decoder of each Content-Encoding that we read (RFC 9110, 8.4.1; RFC 7932). */
const decoders: Readonly<Record<string, () => Gunzip | ReturnType<typeof createBrotliDecompress>>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/** The tap behind the decoder of an encoding, or itself for none; undefined for one that we cannot read. */
export function decoded(tap: Tap, encoding: string): Tap | undefined {
  if (encoding === '' || encoding === 'identity') return tap;
  const create = Object.hasOwn(decoders, encoding) ? decoders[encoding] : undefined;
  return create && new DecodingTap(tap, create());
}

/**
 * Decodes a copy of an encoded body for another tap. The decoder works on its own thread, so what a chunk holds is
 * known a little after the chunk; it is booked at the time of the newest chunk, which is late by that little at most.
 */
class DecodingTap implements Tap {
  readonly #tap: Tap;
  readonly #decoder: ReturnType<(typeof decoders)[string]>;
  #now = 0;
  #isReadable = true;

  constructor(tap: Tap, decoder: ReturnType<(typeof decoders)[string]>) {
    this.#tap = tap;
    this.#decoder = decoder;
    decoder.on('data', (chunk: Buffer) => (this.#isReadable &&= tap.push(chunk, this.#now)));
    decoder.on('error', () => (this.#isReadable = false));
  }

  push(chunk: Buffer, now: number): boolean {
    this.#now = now;
    if (this.#isReadable) this.#decoder.write(chunk);
    return this.#isReadable;
  }

  /** A body that was cut off, or is not what its encoding says, gives what could be decoded of it. */
  end(now: number, done: (result: TapResult) => void): void {
    let isOver = false;
    const finish = (): void => {
      if (!isOver) this.#tap.end(now, done);
      isOver = true;
    };
    this.#decoder.on('end', finish).on('error', finish).on('close', finish);
    if (this.#isReadable) this.#decoder.end();
    else finish();
  }
}
