import { close, constants, fchmodSync, fchownSync, open, write } from 'node:fs';
import { promisify } from 'node:util';
import { Semaphore } from '#async';
import type { Stat } from '#buildkit';
import { toStMode } from '#buildkit';
import { setTimes, setXattr, timespec } from '#sys';

const openFile = promisify(open);
const writeFile = promisify(write);
const closeFile = promisify(close);

/** Held before a file is written; larger ones are written in pieces. */
const PIECE = 512 * 1024;
/** How many files are written at once: as many as libuv has threads for, and some that wait. */
const WRITERS = 8;
const CREATE = constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW | constants.O_WRONLY;

interface Arriving {
  readonly at: Buffer;
  readonly stat: Stat;
  chunks: Uint8Array[];
  held: number;
  fd: number | undefined;
  /** Writes of one file follow each other. */
  last: Promise<void>;
}

/** Writes the content of files as it arrives, several at once; a file has its time only when it is complete. */
export class FileWriter implements AsyncDisposable {
  readonly #arriving = new Map<string, Arriving>();
  readonly #turn = new Semaphore(WRITERS);
  readonly #pending = new Set<Promise<void>>();
  #fault: unknown;

  /** A file whose content will come. */
  begin(path: string, at: Buffer, stat: Stat): void {
    this.#arriving.set(path, { at, stat, chunks: [], held: 0, fd: undefined, last: Promise.resolve() });
  }

  async data(path: string, chunk: Uint8Array): Promise<void> {
    const file = this.#arriving.get(path)!;
    file.chunks.push(chunk);
    file.held += chunk.length;
    if (file.held >= PIECE) await this.#enqueue(file, false);
  }

  async complete(path: string): Promise<void> {
    const file = this.#arriving.get(path)!;
    this.#arriving.delete(path);
    await this.#enqueue(file, true);
  }

  /** Resolves when all that is complete is written. */
  async settled(): Promise<void> {
    await Promise.all(this.#pending);
    if (this.#fault) throw this.#fault;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#pending);
    for (const { fd } of this.#arriving.values()) if (fd !== undefined) await closeFile(fd).catch(() => {});
  }

  /** Waits for a turn, not for the write. */
  async #enqueue(file: Arriving, isLast: boolean): Promise<void> {
    if (this.#fault) throw this.#fault;
    const turn = await this.#turn.acquire();
    const { chunks } = file;
    file.chunks = [];
    file.held = 0;
    const job = file.last
      .then(() => flush(file, chunks, isLast))
      .catch((error) => {
        this.#fault ??= error;
      })
      .finally(() => {
        turn[Symbol.dispose]();
        this.#pending.delete(job);
      });
    file.last = job;
    this.#pending.add(job);
  }
}

async function flush(file: Arriving, chunks: Uint8Array[], isLast: boolean): Promise<void> {
  file.fd ??= await openFile(file.at, CREATE, 0o600);
  const bytes = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
  for (let at = 0; at < bytes.length; ) at += (await writeFile(file.fd, bytes, at)).bytesWritten;
  if (!isLast) return;
  try {
    dress(file.fd, file.stat);
  } finally {
    await closeFile(file.fd);
  }
}

/** Owner, mode, attributes and time of an open file or of a path; owner before mode, as a change of owner clears bits. */
export function dress(fd: number, stat: Stat): void {
  if (stat.uid !== 0 || stat.gid !== 0) fchownSync(fd, stat.uid, stat.gid);
  fchmodSync(fd, toStMode(stat.mode) & 0o7777);
  for (const [name, value] of stat.xattrs)
    if (isKept(name)) setXattr(fd, { name: Buffer.from(name), value: Buffer.from(value) });
  const time = timespec(stat.modTime);
  setTimes(fd, time, time);
}

/** What overlays use for themselves, and what only belongs to the client's host, is not taken over. */
const isKept = (name: string): boolean =>
  name === 'security.capability' || (name.startsWith('user.') && !name.startsWith('user.overlay.'));
