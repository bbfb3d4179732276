import type { Framing } from './http-head.ts';

/** Cuts a body out of the bytes of a connection; pieces are views, nothing is copied but split chunk sizes. */
export class BodyDecoder {
  /** The body is complete. */
  done: boolean;
  readonly #framing: Framing['kind'];
  #left: number;
  #state: 'size' | 'data' | 'after' | 'trailer' = 'size';
  #line = '';

  constructor(framing: Framing) {
    this.#framing = framing.kind;
    this.#left = framing.kind === 'length' ? framing.bytes : 0;
    this.done = framing.kind === 'none';
  }

  /** The pieces of body in these bytes; throws when they are malformed. */
  push(bytes: Buffer): Buffer[] {
    if (this.done) return [];
    if (this.#framing === 'close') return [bytes];
    if (this.#framing === 'chunked') return this.#chunks(bytes);
    const piece = bytes.subarray(0, this.#left);
    this.#left -= piece.length;
    this.done = this.#left === 0;
    return [piece];
  }

  /** The connection ended; throws when the body isn't complete. */
  end(): void {
    if (!this.done && this.#framing !== 'close') throw new Error('unexpected EOF');
    this.done = true;
  }

  #chunks(bytes: Buffer): Buffer[] {
    const pieces: Buffer[] = [];
    let at = 0;
    while (at < bytes.length && !this.done) {
      if (this.#state === 'data') {
        const piece = bytes.subarray(at, at + this.#left);
        pieces.push(piece);
        at += piece.length;
        this.#left -= piece.length;
        if (this.#left === 0) this.#state = 'after';
        continue;
      }
      const newline = bytes.indexOf(10, at);
      const end = newline < 0 ? bytes.length : newline;
      this.#line += bytes.toString('latin1', at, end);
      if (this.#line.length > 16384) throw new Error('header line too long');
      at = end + 1;
      if (newline >= 0) this.#endOfLine();
    }
    return pieces;
  }

  #endOfLine(): void {
    const line = this.#line.replace(/\r$/, '');
    this.#line = '';
    if (this.#state === 'after') {
      this.#state = 'size';
      return;
    }
    if (this.#state === 'trailer') {
      this.done = line === '';
      return;
    }
    const size = line.replace(/;.*$/, '').trim();
    if (!/^[\da-fA-F]{1,12}$/.test(size)) throw new Error('invalid byte in chunk length');
    this.#left = Number.parseInt(size, 16);
    this.#state = this.#left === 0 ? 'trailer' : 'data';
  }
}
