import { readdirSync, renameSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { threadId } from 'node:worker_threads';
import { closeFd, failpoint, isErrno, openat, readDirectory, unlinkFile } from '#sys';
import { directoryFlags, inDirectory } from './tree-fd.ts';

/** Nested deeper than this, a directory is moved up, so that few descriptors are open whatever a container made. */
const DEPTH = 24;
/** After so many entries the event loop has a turn. */
const TURN = 32;

/** A tree that could not be deleted. */
export interface Undeleted {
  readonly path: string;
  readonly message: string;
}

/** Deletes what is in one folder, whoever made it. */
export class TrashFolder {
  readonly #folder: string;
  #count = 0;
  #deleted = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Deletes one tree after the other, in short turns, until there is none but those that will not go. */
  async empty(): Promise<Undeleted[]> {
    const failed = new Map<string, Undeleted>();
    for (;;) {
      const name = readdirSync(this.#folder).find((candidate) => !failed.has(candidate));
      if (name === undefined) return [...failed.values()];
      const path = join(this.#folder, name);
      try {
        await this.#remove(path);
        failpoint('snapshot.trash.emptied');
      } catch (error) {
        failed.set(name, { path, message: (error as Error).message });
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
    if (depth >= DEPTH) return renameSync(inDirectory(parent, name), this.freshName());
    const fd = openat(parent, name, directoryFlags);
    try {
      await this.#clear(fd, depth + 1);
    } finally {
      closeFd(fd);
    }
    rmdirSync(inDirectory(parent, name));
  }

  /** Unique over threads and restarts too: the clock of the boot may start again, the count of this process is added. */
  freshName(): string {
    return join(this.#folder, `${process.pid}-${threadId}-${process.hrtime.bigint()}-${this.#count++}`);
  }
}

const AT_CWD = -100;
