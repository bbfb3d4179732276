import type { FSWatcher } from 'node:fs';
import { watch } from 'node:fs';
import { dirname } from 'node:path';
import type { LogEntry } from './entry.ts';
import { parseEntry } from './entry.ts';
import type { Segment } from './segments.ts';
import { closeSegments, inodeOf, openSegments } from './segments.ts';
import type { Start } from './tail.ts';
import { startOfTail } from './tail.ts';

const CHUNK = 256 * 1024;
/** Should the kernel's notice of a change get lost, the file is looked at this often. */
const LOOK_MS = 500;
const NEWLINE = 0x0a;

/** A place in a log: behind so many bytes of a file, where an entry of this time ends. */
export interface Place {
  readonly inode: bigint;
  readonly offset: number;
  /** Ns since the epoch. */
  readonly time: bigint;
}

/** Entries that stand one after the other, and the place behind them. */
export interface Batch {
  readonly entries: LogEntry[];
  readonly end: Place;
}

export interface ReadOptions {
  /** Only the last so many entries; undefined: all. */
  readonly tail: number | undefined;
  /** Goes on with what is written later, until this settles and all written till then has been read. */
  readonly follow: Promise<unknown> | undefined;
  readonly signal: AbortSignal;
}

/** The entries of a log in batches, oldest first. Reading takes no lock and holds up nobody who writes. */
export async function* readLog(path: string, { tail, ...options }: ReadOptions): AsyncGenerator<LogEntry[]> {
  const start = (segments: readonly Segment[]) => (tail === undefined ? BEGIN : startOfTail(segments, tail));
  for await (const { entries } of readBatches(path, { ...options, start })) yield entries;
}

export interface BatchOptions extends Omit<ReadOptions, 'tail'> {
  /** Where among these files, oldest first, reading begins. */
  readonly start: (segments: readonly Segment[]) => Start | Promise<Start>;
}

const BEGIN: Start = { index: 0, offset: 0 };

/** {@link readLog} with the places of the entries. */
export async function* readBatches(path: string, { start: find, follow, signal }: BatchOptions): AsyncGenerator<Batch> {
  using bell = follow ? new Bell(dirname(path), follow, signal) : undefined;
  const segments = await openSegments(path);
  try {
    const start = await find(segments);
    let offset = start.offset;
    await closeSegments(segments.splice(0, start.index));
    while (segments.length > 1) {
      yield* entriesFrom(segments[0]!, { offset, signal });
      await closeSegments(segments.splice(0, 1));
      offset = 0;
    }
    for (;;) {
      const [current] = segments;
      const isLast = bell === undefined || bell.ended;
      if (current) offset = yield* entriesFrom(current, { offset, signal });
      const rotated = await newerSegments(path, current);
      segments.push(...rotated);
      while (segments.length > 1) {
        yield* entriesFrom(segments[0]!, { offset, signal });
        await closeSegments(segments.splice(0, 1));
        offset = 0;
      }
      if (signal.aborted || (isLast && rotated.length === 0)) return;
      if (rotated.length === 0) await bell?.ring();
    }
  } finally {
    await closeSegments(segments);
  }
}

/** Whole lines from an offset to the present end; returns the offset behind the last of them. */
async function* entriesFrom(
  segment: Segment,
  { offset, signal }: { offset: number; signal: AbortSignal },
): AsyncGenerator<Batch, number> {
  const file = await segment.content();
  let position = offset;
  let size = CHUNK;
  while (!signal.aborted) {
    const buffer = Buffer.allocUnsafe(size);
    const { bytesRead } = await file.read(buffer, 0, size, position);
    const end = buffer.subarray(0, bytesRead).lastIndexOf(NEWLINE);
    if (end < 0) {
      // A line longer than the buffer, or the end of what is written.
      if (bytesRead < size) {
        // A log of one file is begun anew in its place.
        if ((await file.stat()).size >= position) return position;
        position = 0;
      } else size *= 2;
      continue;
    }
    position += end + 1;
    const entries = buffer
      .toString('utf8', 0, end)
      .split('\n')
      .map(parseEntry)
      .filter((entry) => entry !== undefined);
    const last = entries.at(-1);
    if (last) yield { entries, end: { inode: segment.inode, offset: position, time: last.time } };
  }
  return position;
}

/** The files that have come after this one, oldest first; without one, all there are. */
async function newerSegments(path: string, current: Segment | undefined): Promise<Segment[]> {
  if (current && (await inodeOf(path)) === current.inode) return [];
  const all = await openSegments(path);
  const at = current ? all.findIndex(({ inode }) => inode === current.inode) : -1;
  await closeSegments(all.slice(0, at + 1));
  return all.slice(at + 1);
}

/** Rings when something was written, when the writer has ended, and now and then. */
class Bell implements Disposable {
  readonly #watcher: FSWatcher | undefined;
  #wake: (() => void) | undefined;
  #rung = false;
  ended = false;

  constructor(folder: string, over: Promise<unknown>, signal: AbortSignal) {
    const ringOnce = () => {
      this.#rung = true;
      this.#wake?.();
    };
    const end = () => {
      this.ended = true;
      ringOnce();
    };
    try {
      this.#watcher = watch(folder, ringOnce).on('error', () => undefined);
    } catch {
      // No inotify instance left: looking now and then must do.
    }
    over.then(end, end);
    signal.addEventListener('abort', end, { once: true });
  }

  async ring(): Promise<void> {
    if (!this.#rung) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, LOOK_MS);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#rung = false;
  }

  [Symbol.dispose](): void {
    this.#watcher?.close();
  }
}
