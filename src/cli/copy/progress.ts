import { isatty } from 'node:tty';
import { humanSize } from '../format/size.ts';

const STDERR = 2;
const EVERY_MS = 75;
const DIGITS = 3;

/** Counts the bytes that pass and shows them on a terminal, on one line that is gone at the end. */
export class CopyProgress {
  readonly #header: string;
  readonly #write: (text: string) => void;
  readonly #isShown = isatty(STDERR);
  #timer: NodeJS.Timeout | undefined;
  #bytes = 0;
  #shown = 0;

  constructor(header: string, write: (text: string) => void) {
    this.#header = header;
    this.#write = write;
  }

  get size(): string {
    return humanSize(this.#bytes, DIGITS);
  }

  async *count<T extends Uint8Array>(pieces: AsyncIterable<T>): AsyncGenerator<T> {
    for await (const piece of pieces) {
      this.#bytes += piece.length;
      yield piece;
    }
  }

  begin(): void {
    if (!this.#isShown) return;
    this.#write(`\x1b[s\x1b[?25l\x1b[u\x1b[2K${this.#header}${this.size}`);
    this.#timer = setInterval(() => this.#update(), EVERY_MS);
  }

  end(): void {
    if (!this.#isShown) return;
    clearInterval(this.#timer);
    this.#write('\x1b[?25h\x1b[u\x1b[2K');
  }

  #update(): void {
    if (this.#bytes === this.#shown) return;
    this.#shown = this.#bytes;
    this.#write(`\x1b[${this.#header.length + 1}G\x1b[K${this.size}`);
  }
}
