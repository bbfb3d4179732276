import type { Progress } from '#api';

const BAR = 50;
const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB', 'ZB', 'YB'];

/** A line of progress on one layer, with the bar that Docker's daemon draws. Bytes; a total of 0 is not known. */
export function layerProgress(status: string, id: string, current: number, total: number): Progress {
  return { status, progressDetail: { current, total }, progress: bar(current, total), id };
}

/** A line for so many bytes. */
const STEP = 512 * 1024;

/** Tells how far something of `size` bytes is when it is a step further than what was told, and once at its end. */
export function inSteps(size: number, tell: (current: number) => void): (current: number) => void {
  let told = 0;
  return (current) => {
    if (current - told < STEP && (current < size || told === size)) return;
    told = current;
    tell(current);
  };
}

/** A line about one layer without numbers. */
export function layerStatus(status: string, id: string): Progress {
  return { status, progressDetail: {}, id };
}

/** A line that ends a stream badly. */
export function failure(error: unknown): Progress {
  const message = error instanceof Error ? error.message : String(error);
  return { errorDetail: { message }, error: message };
}

/** Bytes as Docker prints them: four significant digits, powers of 1000. */
export function humanSize(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${Number(value.toPrecision(4))}${UNITS[unit]}`;
}

function bar(current: number, total: number): string {
  const done = humanSize(current).padStart(8);
  if (total === 0) return done;
  const filled = Math.min(BAR, Math.floor(Math.floor((current / total) * 100) / 2));
  const numbers = current > total ? done : `${done}/${humanSize(total)}`;
  return `[${'='.repeat(filled)}>${' '.repeat(BAR - filled)}] ${numbers}`;
}

/**
 * Lines from concurrent work to one reader. A line of the same status about the same id replaces the one that was not read
 * yet, so a slow reader costs a few lines of memory.
 */
export class ProgressQueue {
  readonly #lines: Progress[] = [];
  #wake = Promise.withResolvers<void>();
  #ended = false;

  push(line: Progress): void {
    const same = line.id === undefined ? -1 : this.#lines.findLastIndex((waiting) => waiting.id === line.id);
    if (same >= 0 && this.#lines[same]!.status === line.status) this.#lines[same] = line;
    else this.#lines.push(line);
    this.#wake.resolve();
  }

  /** What is pushed while `work` runs, then its result; its failure is thrown after the lines. */
  async *during<T>(work: Promise<T>): AsyncGenerator<Progress, T> {
    const settled = work.finally(() => {
      this.#ended = true;
      this.#wake.resolve();
    });
    settled.catch(() => {});
    for (;;) {
      for (let line = this.#lines.shift(); line; line = this.#lines.shift()) yield line;
      if (this.#ended) return settled;
      await this.#wake.promise;
      this.#wake = Promise.withResolvers<void>();
    }
  }
}
