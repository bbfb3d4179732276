/** Which of a process's streams a frame carries; `systemerr` is an error of the engine, and the last frame. */
export type FrameStream = 'stdin' | 'stdout' | 'stderr' | 'systemerr';

const STREAMS: readonly FrameStream[] = ['stdin', 'stdout', 'stderr', 'systemerr'];
const HEADER = 8;

export interface Frame {
  readonly stream: FrameStream;
  readonly data: Uint8Array;
}

/** The head of a frame: the stream's number, three zeros, the length in 32 bits big-endian. */
export function frameHeader(stream: FrameStream, length: number): Buffer {
  const header = Buffer.alloc(HEADER);
  header[0] = STREAMS.indexOf(stream);
  header.writeUInt32BE(length, 4);
  return header;
}

/** One frame of Docker's multiplexed stream. */
export function encodeFrame(stream: FrameStream, data: Uint8Array): Buffer {
  return Buffer.concat([frameHeader(stream, data.length), data]);
}

/**
 * Takes a multiplexed stream apart, in whatever pieces it arrives. Payloads are handed on as they come, so a long frame
 * may give several: nothing but a broken head is ever kept.
 */
export class FrameDecoder {
  readonly #head = Buffer.alloc(HEADER);
  #filled = 0;
  #remaining = 0;
  #stream: FrameStream = 'stdout';

  /** The payloads in these bytes. Throws `RangeError` when a head is not one; an empty frame gives nothing. */
  push(bytes: Uint8Array): Frame[] {
    const frames: Frame[] = [];
    let at = 0;
    while (at < bytes.length) {
      if (this.#remaining === 0) at = this.#readHead(bytes, at);
      const take = Math.min(this.#remaining, bytes.length - at);
      if (take === 0) continue;
      frames.push({ stream: this.#stream, data: bytes.subarray(at, at + take) });
      this.#remaining -= take;
      at += take;
    }
    return frames;
  }

  /** Whether the stream could end here: no frame is half read. */
  get isComplete(): boolean {
    return this.#filled === 0 && this.#remaining === 0;
  }

  #readHead(bytes: Uint8Array, at: number): number {
    const take = Math.min(HEADER - this.#filled, bytes.length - at);
    this.#head.set(bytes.subarray(at, at + take), this.#filled);
    this.#filled += take;
    if (this.#filled === HEADER) {
      const stream = STREAMS[this.#head[0]!];
      if (stream === undefined) throw new RangeError(`unrecognized stream: ${this.#head[0]}`);
      this.#stream = stream;
      this.#remaining = this.#head.readUInt32BE(4);
      this.#filled = 0;
    }
    return at + take;
  }
}
