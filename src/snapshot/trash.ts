import { mkdirSync, readdirSync, renameSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Log } from '#log';
import { closeFd, failpoint, isErrno, openat, readDirectory, unlinkFile } from '#sys';
import { directoryFlags, inDirectory } from './tree-fd.ts';

/** Nested deeper than this, a directory is moved up, so that few descriptors are open whatever a container made. */
const DEPTH = 24;
/** After so many entries the event loop has a turn. */
const TURN = 32;

/** Takes directories out of sight at once and deletes them afterwards, one after the other, in short turns. */
export class Trash {
  readonly #folder: string;
  readonly #log: Log;
  #count = 0;
  #deleted = 0;
  #emptying: Promise<void> | undefined;

  constructor(folder: string, log: Log) {
    this.#folder = folder;
    this.#log = log;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }

  /** Moves a directory here by one rename; false when there was none. Its content is deleted in the background. */
  discard(path: string): boolean {
    try {
      renameSync(path, this.#freshName());
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return false;
      throw error;
    }
    failpoint('snapshot.trash.renamed');
    this.empty();
    return true;
  }

  /** Starts deleting what is here, also what a crash left; returns when all of it is gone. */
  empty(): Promise<void> {
    this.#emptying ??= this.#run().finally(() => {
      this.#emptying = undefined;
    });
    return this.#emptying;
  }

  async #run(): Promise<void> {
    const failed = new Set<string>();
    for (;;) {
      const name = readdirSync(this.#folder).find((candidate) => !failed.has(candidate));
      if (name === undefined) return;
      try {
        await this.#remove(join(this.#folder, name));
        failpoint('snapshot.trash.emptied');
      } catch (error) {
        failed.add(name);
        this.#log.warn('discarded tree not deleted', { path: join(this.#folder, name), error });
      }
    }
  }

  async #remove(path: string): Promise<void> {
    const top = openat(AT_CWD, Buffer.from(path), directoryFlags);
    try {
      await this.#clear(top, 0);
    } finally {
      closeFd(top);
    }
    rmdirSync(path);
  }

  async #clear(fd: number, depth: number): Promise<void> {
    for (let entries = readDirectory(fd); entries.length > 0; entries = readDirectory(fd)) {
      for (const { name, kind } of entries) {
        if (++this.#deleted % TURN === 0) await nextTurn();
        if (kind === 'directory') await this.#removeDirectory(fd, name, depth);
        else await this.#removeOther(fd, name, depth);
      }
    }
  }

  async #removeOther(fd: number, name: Buffer, depth: number): Promise<void> {
    try {
      await unlinkFile(inDirectory(fd, name));
    } catch (error) {
      if (!isErrno(error, 'EISDIR')) throw error;
      await this.#removeDirectory(fd, name, depth);
    }
  }

  async #removeDirectory(parent: number, name: Buffer, depth: number): Promise<void> {
    if (depth >= DEPTH) return renameSync(inDirectory(parent, name), this.#freshName());
    const fd = openat(parent, name, directoryFlags);
    try {
      await this.#clear(fd, depth + 1);
    } finally {
      closeFd(fd);
    }
    rmdirSync(inDirectory(parent, name));
  }

  /** Unique over restarts too: the clock of the boot may start again, the count of this process is added. */
  #freshName(): string {
    return join(this.#folder, `${process.pid}-${process.hrtime.bigint()}-${this.#count++}`);
  }
}

const AT_CWD = -100;
