import { execFileSync, spawn } from 'node:child_process';
import { closeSync, existsSync, fsyncSync, ftruncateSync, mkdirSync, openSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { internal } from '#errdefs';
import { detach, failpoint } from '#sys';
import type { Folders } from './folders.ts';

const MAKERS = ['/sbin/mkfs.ext4', '/usr/sbin/mkfs.ext4'];
const TOOL_MS = 60_000;
const MEGABYTE = 2 ** 20;
/** Journal, tables of inodes and groups: what is left for files is a little more than was asked for. */
const JOURNAL_MEGABYTES = 4;
const FIXED = (JOURNAL_MEGABYTES + 3) * MEGABYTE;
const PART = 24;
const BYTES_PER_INODE = 16_384;

/** Runs a program to its end; what it wrote. */
function run(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: TOOL_MS, killSignal: 'SIGKILL' });
    const written = { out: '', errors: '' };
    child.stdout.on('data', (chunk: Buffer) => (written.out += chunk));
    child.stderr.on('data', (chunk: Buffer) => (written.errors += chunk));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) resolve(written.out);
      else reject(new Error(written.errors.trim() || `it ended by ${signal ?? code}`));
    });
  });
}

/** A container's own file system of limited size, in a file `d/<key>/ext4`, mounted at the folder of its tree. */
export class Disks {
  readonly #folders: Folders;
  readonly #mounter: string;

  constructor(folders: Folders, mounter: string) {
    this.#folders = folders;
    this.#mounter = mounter;
  }

  /** Whether there is anything of it, whole or not. */
  has(key: string): boolean {
    return existsSync(join(this.#folders.disks, key));
  }

  /** Makes it, unless it is there, and mounts it; `size` bytes of files fit in. */
  async make(key: string, size: number): Promise<void> {
    if (!existsSync(this.#file(key))) await this.#format(key, size);
    if (this.#isMounted(key)) return;
    mkdirSync(this.#target(key), { recursive: true, mode: 0o710 });
    failpoint('snapshot.disk.place-made');
    assertMounted(await run(this.#mounter, ['--image', this.#file(key), this.#target(key)]));
    failpoint('snapshot.disk.mounted');
  }

  /** After a reboot of the host. Says why it is not mounted when that fails. */
  remount(key: string): unknown {
    if (!existsSync(this.#file(key)) || this.#isMounted(key)) return undefined;
    try {
      mkdirSync(this.#target(key), { recursive: true, mode: 0o710 });
      assertMounted(
        execFileSync(this.#mounter, ['--image', this.#file(key), this.#target(key)], { timeout: TOOL_MS }).toString(),
      );
      return undefined;
    } catch (error) {
      return error;
    }
  }

  /** Takes it off; the folder that its file is in, to be deleted, is the result. */
  async takeOff(key: string): Promise<string> {
    await detach(this.#target(key));
    failpoint('snapshot.disk.taken-off');
    return join(this.#folders.disks, key);
  }

  /** The file gets its name when it holds a file system. */
  async #format(key: string, size: number): Promise<void> {
    mkdirSync(join(this.#folders.disks, key), { recursive: true, mode: 0o700 });
    failpoint('snapshot.disk.folder-made');
    const fresh = `${this.#file(key)}.new`;
    const fd = openSync(fresh, 'w', 0o600);
    try {
      ftruncateSync(fd, Math.ceil((size + size / PART + FIXED) / MEGABYTE) * MEGABYTE);
      await run(maker(), [...FORMAT, fresh]).catch((error: Error) => {
        throw internal(`could not make a file system of limited size: ${error.message}`, error);
      });
      failpoint('snapshot.disk.formatted');
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(fresh, this.#file(key));
    failpoint('snapshot.disk.made');
  }

  #isMounted(key: string): boolean {
    const device = statSync(this.#target(key), { throwIfNoEntry: false })?.dev;
    return device !== undefined && device !== statSync(this.#folders.containers).dev;
  }

  #file(key: string): string {
    return join(this.#folders.disks, key, 'ext4');
  }

  #target(key: string): string {
    return join(this.#folders.containers, key);
  }
}

const FORMAT = [
  ...['-q', '-F', '-b', '4096', '-m', '0', '-i', String(BYTES_PER_INODE), '-I', '256'],
  ...['-J', `size=${JOURNAL_MEGABYTES}`, '-E', 'lazy_itable_init=1,lazy_journal_init=1,nodiscard,root_owner=0:0'],
];

function maker(): string {
  const found = MAKERS.find((path) => existsSync(path));
  // Docker's text for a host that cannot limit the size.
  if (!found) throw internal("--storage-opt is supported only for overlay over xfs with 'pquota' mount option");
  return found;
}

function assertMounted(answer: string): void {
  const number = Number(answer);
  if (number !== 0) throw internal(`could not mount a file system of limited size: errno ${number}`);
}
