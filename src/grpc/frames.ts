import { RpcError } from './status.ts';

/** BuildKit's own limit on a message, either way. */
export const MAX_MESSAGE = 16 * 1024 * 1024;
const PREFIX = 5;
const FIRST_ROOM = 64 * 1024;

/** A message behind its prefix, as it is sent. */
export function frame(message: Uint8Array): Buffer {
  const out = Buffer.allocUnsafe(PREFIX + message.length);
  out[0] = 0;
  out.writeUInt32BE(message.length, 1);
  out.set(message, PREFIX);
  return out;
}

/** Takes a stream of bytes apart into messages. What it holds is bounded by what has come, not by what a prefix promises. */
export class FrameReader {
  #held: Buffer = Buffer.allocUnsafe(FIRST_ROOM);
  #length = 0;

  /** The messages that are complete now; they are the caller's to keep. */
  *push(chunk: Uint8Array): Generator<Buffer> {
    this.#append(chunk);
    let at = 0;
    for (;;) {
      const end = this.#messageEnd(at);
      if (end === undefined) break;
      yield Buffer.from(this.#held.subarray(at + PREFIX, end));
      at = end;
    }
    this.#held.copyWithin(0, at, this.#length);
    this.#length -= at;
  }

  /** At the end of the stream. */
  finish(): void {
    if (this.#length > 0) throw new RpcError('internal', 'the stream ended inside a message');
  }

  #messageEnd(at: number): number | undefined {
    if (this.#length - at < PREFIX) return undefined;
    if (this.#held[at] !== 0) throw new RpcError('unimplemented', 'compressed messages are not supported');
    const size = this.#held.readUInt32BE(at + 1);
    if (size > MAX_MESSAGE) {
      throw new RpcError('resource-exhausted', `received message larger than max (${size} vs. ${MAX_MESSAGE})`);
    }
    return this.#length - at < PREFIX + size ? undefined : at + PREFIX + size;
  }

  #append(chunk: Uint8Array): void {
    const needed = this.#length + chunk.length;
    if (needed > this.#held.length) {
      const grown = Buffer.allocUnsafe(Math.max(needed, this.#held.length * 2));
      this.#held.copy(grown, 0, 0, this.#length);
      this.#held = grown;
    }
    this.#held.set(chunk, this.#length);
    this.#length = needed;
  }
}
