import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A small ext4 file system on a loop device, so that overlay works on it as on a host. */
export class SmallDisk implements Disposable {
  readonly root: string;
  readonly #ballast: string;

  private constructor(root: string) {
    this.root = root;
    this.#ballast = join(root, 'ballast');
  }

  /** Mounts `size` (as `truncate` takes it) at `root`; the file with its bytes stands beside. */
  static mount(root: string, size: string): SmallDisk {
    mkdirSync(root);
    const file = `${root}.disk`;
    execFileSync('truncate', ['-s', size, file]);
    execFileSync('mkfs.ext4', ['-q', '-m', '0', '-O', '^has_journal', file]);
    execFileSync('mount', ['-o', 'loop', file, root]);
    return new SmallDisk(root);
  }

  /** Bytes that are left. */
  free(): number {
    const { bavail, bsize } = statfsSync(this.root);
    return bavail * bsize;
  }

  /** Takes all but so many bytes; of 0 the last block too. */
  fill(leave = 0): void {
    mkdirSync(this.#ballast, { recursive: true });
    const next = () => join(this.#ballast, `${process.hrtime.bigint()}`);
    const much = this.free() - Math.max(leave, 1 << 20);
    if (much > 0) execFileSync('fallocate', ['-l', String(much), next()]);
    if (leave > 0) return;
    for (let size = 1 << 20; size >= 512; ) {
      try {
        writeFileSync(next(), Buffer.alloc(size));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
        size /= 2;
      }
    }
  }

  /** Gives back what was taken. */
  clear(): void {
    rmSync(this.#ballast, { recursive: true, force: true });
  }

  [Symbol.dispose](): void {
    execFileSync('umount', ['-l', this.root]);
    rmSync(`${this.root}.disk`, { force: true });
  }
}
