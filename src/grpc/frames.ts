import { RpcError } from './status.ts';

/** BuildKit's own limit on a message, either way. */
export const MAX_MESSAGE = 16 * 1024 * 1024;
const PREFIX = 5;
const FIRST_ROOM = 4 * 1024;
const LARGE = 1024 * 1024;

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
  /** The beginning of a message, if one is incomplete. */
  #held: Buffer = Buffer.alloc(0);
  #length = 0;

  /** The messages that are complete now: parts of the chunk, which nobody writes to any more. */
  *push(chunk: Uint8Array): Generator<Buffer> {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    let at = 0;
    while (this.#length > 0 && at < bytes.length) {
      const wanted = this.#length < PREFIX ? PREFIX : PREFIX + sizeAt(this.#held, 0);
      const end = Math.min(bytes.length, at + wanted - this.#length);
      this.#append(bytes.subarray(at, end));
      at = end;
      if (this.#length < PREFIX || this.#length < PREFIX + sizeAt(this.#held, 0)) continue;
      yield this.#release();
    }
    while (bytes.length - at >= PREFIX) {
      const end = at + PREFIX + sizeAt(bytes, at);
      if (end > bytes.length) break;
      yield bytes.subarray(at + PREFIX, end);
      at = end;
    }
    this.#append(bytes.subarray(at));
  }

  /** Bytes of a message that is incomplete. */
  get held(): number {
    return this.#length;
  }

  /** At the end of the stream. */
  finish(): void {
    if (this.#length > 0) throw new RpcError('internal', 'the stream ended inside a message');
  }

  /** The message that is held: a copy, unless it is so large that there should be one of it only. */
  #release(): Buffer {
    const message = this.#held.subarray(PREFIX, this.#length);
    this.#length = 0;
    if (message.length < LARGE) return Buffer.from(message);
    this.#held = Buffer.alloc(0);
    return message;
  }

  #append(bytes: Buffer): void {
    const needed = this.#length + bytes.length;
    if (needed > this.#held.length) {
      const grown = Buffer.allocUnsafe(Math.max(needed, this.#held.length * 2, FIRST_ROOM));
      this.#held.copy(grown, 0, 0, this.#length);
      this.#held = grown;
    }
    this.#held.set(bytes, this.#length);
    this.#length = needed;
  }
}

/** The size that the prefix at a place promises. */
function sizeAt(bytes: Buffer, at: number): number {
  if (bytes[at] !== 0) throw new RpcError('unimplemented', 'compressed messages are not supported');
  const size = bytes.readUInt32BE(at + 1);
  if (size <= MAX_MESSAGE) return size;
  throw new RpcError('resource-exhausted', `received message larger than max (${size} vs. ${MAX_MESSAGE})`);
}
