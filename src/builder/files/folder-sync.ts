import { chmod, lchown, link, mkdir, rm, symlink } from 'node:fs/promises';
import type { Stat } from '#buildkit';
import { isDirectory, isRegular, isSymlink, toStMode } from '#buildkit';
import { invalid } from '#errdefs';
import { AT_FDCWD, failpoint, makeDevice, mknodat, setTimes, timespec } from '#sys';
import type { Held, HeldFiles } from './held.ts';
import { heldOf, inside, isSame } from './held.ts';
import type { Exchange, Receiver } from './receive.ts';
import { receive } from './receive.ts';
import { FileWriter } from './writer.ts';

/**
 * Makes a folder of ours the same as what the other side has, fetching only what differs from `held`, which is kept true.
 * Every directory on the way to a file was made here and nobody else writes here, so plain paths lead nowhere else.
 */
export async function syncFolder(root: Buffer, held: HeldFiles, exchange: Exchange): Promise<void> {
  await using writer = new FileWriter();
  const sync = new FolderSync(root, held, writer);
  await receive(exchange, sync);
  await sync.finish();
}

class FolderSync implements Receiver {
  readonly #root: Buffer;
  readonly #held: HeldFiles;
  readonly #writer: FileWriter;
  readonly #told = new Map<string, Held>();
  readonly #links: { path: string; stat: Stat }[] = [];

  constructor(root: Buffer, held: HeldFiles, writer: FileWriter) {
    this.#root = root;
    this.#held = held;
    this.#writer = writer;
  }

  async file(path: string, stat: Stat): Promise<boolean> {
    const told = heldOf(stat);
    const held = this.#held.get(path);
    this.#told.set(path, told);
    if (held && isSame(held, told)) return false;
    if (isDirectory(stat.mode)) await this.#directory(path, stat, held);
    else {
      if (held) await this.#remove(path);
      if (isRegular(stat.mode) && told.target === '') {
        this.#writer.begin(path, inside(this.#root, path), stat);
        return true;
      }
      if (isRegular(stat.mode)) this.#links.push({ path, stat });
      else await this.#special(path, stat);
    }
    if (!isRegular(stat.mode)) this.#held.set(path, told);
    return false;
  }

  async data(path: string, chunk: Uint8Array): Promise<void> {
    await this.#writer.data(path, chunk);
  }

  async complete(path: string): Promise<void> {
    await this.#writer.complete(path);
    this.#held.set(path, this.#told.get(path)!);
  }

  toldAll(): void {}

  /** Hard links need their files, and what nobody told of goes. */
  async finish(): Promise<void> {
    await this.#writer.settled();
    failpoint('builder.sync.written');
    for (const { path, stat } of this.#links) await this.#hardLink(path, stat);
    for (const path of [...this.#held.keys()]) {
      if (!this.#told.has(path) && this.#held.has(path)) await this.#remove(path);
    }
  }

  async #directory(path: string, { mode, uid, gid }: Stat, held: Held | undefined): Promise<void> {
    const at = inside(this.#root, path);
    if (held && !isDirectory(held.mode)) await this.#remove(path);
    if (!held || !isDirectory(held.mode)) await mkdir(at, 0o700);
    if (uid !== 0 || gid !== 0 || held) await lchown(at, uid, gid);
    await chmod(at, toStMode(mode) & 0o7777);
  }

  async #special(path: string, stat: Stat): Promise<void> {
    const at = inside(this.#root, path);
    if (isSymlink(stat.mode)) {
      if (stat.linkname.length === 0 || stat.linkname.includes(0)) throw invalid('a symbolic link without a target');
      await symlink(Buffer.from(stat.linkname), at);
    } else mknodat(AT_FDCWD, at, toStMode(stat.mode), makeDevice(stat.devmajor, stat.devminor));
    if (stat.uid !== 0 || stat.gid !== 0) await lchown(at, stat.uid, stat.gid);
    if (!isSymlink(stat.mode)) await chmod(at, toStMode(stat.mode) & 0o7777);
    const time = timespec(stat.modTime);
    setTimes(at, time, time);
  }

  async #hardLink(path: string, stat: Stat): Promise<void> {
    const target = Buffer.from(stat.linkname).toString('latin1');
    const told = this.#told.get(target);
    if (!told || !isRegular(told.mode)) throw invalid(`a hard link to ${JSON.stringify(target)}, which is no file`);
    await link(inside(this.#root, target), inside(this.#root, path));
    this.#held.set(path, this.#told.get(path)!);
  }

  async #remove(path: string): Promise<void> {
    await rm(inside(this.#root, path) as unknown as string, { recursive: true, force: true });
    const below = `${path}/`;
    const wasDirectory = isDirectory(this.#held.get(path)?.mode ?? 0);
    this.#held.delete(path);
    if (wasDirectory) for (const other of this.#held.keys()) if (other.startsWith(below)) this.#held.delete(other);
  }
}
