import { invalid } from '#errdefs';

/** A stream of bytes read in pieces of the reader's choosing; what is at hand is given without waiting or copying. */
export class ByteSource {
  readonly #chunks: AsyncIterator<Buffer>;
  #current: Buffer = Buffer.alloc(0);
  #at = 0;

  constructor(chunks: AsyncIterable<Buffer>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** `length` bytes if they are at hand, else undefined: then ask {@link exactly}. */
  ready(length: number): Buffer | undefined {
    const end = this.#at + length;
    if (end > this.#current.length) return undefined;
    const piece = this.#current.subarray(this.#at, end);
    this.#at = end;
    return piece;
  }

  /** Exactly `length` bytes; undefined at the end of the stream, an error when it ends within them. */
  async exactly(length: number): Promise<Buffer | undefined> {
    const at = this.ready(length);
    if (at) return at;
    const pieces: Buffer[] = [];
    let missing = length;
    while (missing > 0) {
      const piece = await this.some(missing);
      if (!piece && missing === length) return undefined;
      if (!piece) throw invalid('unexpected EOF');
      pieces.push(piece);
      missing -= piece.length;
    }
    return pieces.length === 1 ? pieces[0] : Buffer.concat(pieces, length);
  }

  /** At least one and at most `limit` bytes, as they come; undefined at the end of the stream. */
  async some(limit: number): Promise<Buffer | undefined> {
    while (this.#at === this.#current.length) {
      const next = await this.#chunks.next();
      if (next.done) return undefined;
      this.#current = next.value;
      this.#at = 0;
    }
    return this.ready(Math.min(limit, this.#current.length - this.#at));
  }

  /** Passes over `length` bytes; an error when the stream ends before. */
  async skip(length: number): Promise<void> {
    for (let left = length; left > 0; ) {
      const piece = await this.some(left);
      if (!piece) throw invalid('unexpected EOF');
      left -= piece.length;
    }
  }

  /** Reads to the end of the stream. */
  async drain(): Promise<void> {
    this.#at = this.#current.length;
    while (!(await this.#chunks.next()).done);
  }
}
