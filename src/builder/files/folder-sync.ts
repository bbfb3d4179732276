import { chmod, lchown, link, mkdir, rm, symlink } from 'node:fs/promises';
import type { Stat } from '#buildkit';
import { invalid } from '#errdefs';
import { AT_FDCWD, failpoint, mknodat, removeXattr, setTimes, setXattr, timespec } from '#sys';
import type { Held, HeldFiles } from './held.ts';
import { heldOf, inside, isSame } from './held.ts';
import type { Exchange, Receiver } from './receive.ts';
import { receive } from './receive.ts';
import { FileWriter } from './writer.ts';

/** Bytes of extended attributes in one folder: real ones are few and short. */
const MAX_ATTRIBUTES = 64 * 1024 * 1024;

interface OwnFolder {
  readonly root: Buffer;
  /** What is in it. */
  readonly held: HeldFiles;
  /** Is called before the first change. */
  readonly forget: () => void;
}

/**
 * Makes a folder of ours the same as what the other side has, fetching only what differs from `held`, which is kept true;
 * whether anything did. Every directory on the way to a file was made here and nobody else writes here, so plain paths lead
 * nowhere else.
 */
export async function syncFolder(folder: OwnFolder, exchange: Exchange): Promise<boolean> {
  await using writer = new FileWriter();
  const sync = new FolderSync(folder, writer);
  await receive(exchange, sync);
  return await sync.finish();
}

let transfers = 0;

class FolderSync implements Receiver {
  readonly #root: Buffer;
  readonly #held: HeldFiles;
  readonly #forget: () => void;
  readonly #writer: FileWriter;
  readonly #transfer = ++transfers;
  readonly #links: { path: string; held: Held }[] = [];
  /** Directories whose times are to be set, as something in them came or went, or as they have another one. */
  readonly #touched = new Set<string>();
  #hasChanged = false;
  #attributes = 0;

  constructor({ root, held, forget }: OwnFolder, writer: FileWriter) {
    this.#root = root;
    this.#held = held;
    this.#forget = forget;
    this.#writer = writer;
  }

  file(path: string, stat: Stat): Promise<boolean> | boolean {
    const held = this.#held.get(path);
    if (!held || !isSame(held, stat) || !this.#isStillLinked(held)) return this.#change(path, stat, held);
    this.#countAttributes(held);
    held.transfer = this.#transfer;
    if (held.modTime !== stat.modTime) {
      held.modTime = stat.modTime;
      this.#touched.add(path);
    }
    return false;
  }

  data(path: string, chunk: Uint8Array): Promise<void> | void {
    return this.#writer.data(path, chunk);
  }

  complete(path: string): Promise<void> | void {
    return this.#writer.complete(path);
  }

  toldAll(): void {}

  /** Hard links need their files, and what nobody told of goes. Whether anything is not as it was. */
  async finish(): Promise<boolean> {
    await this.#writer.settled();
    failpoint('builder.sync.written');
    for (const { path, held } of this.#links) await this.#hardLink(path, held);
    const gone = [...this.#held].filter(([, { transfer }]) => transfer !== this.#transfer);
    for (const [path] of gone) if (this.#held.has(path)) await this.#remove(path);
    for (const path of this.#touched) {
      const held = this.#held.get(path);
      if (!held?.isDirectory()) continue;
      const time = timespec(held.modTime);
      setTimes(inside(this.#root, path), time, time);
    }
    return this.#hasChanged;
  }

  #countAttributes({ xattrs }: Held): void {
    for (const [name, value] of xattrs) this.#attributes += name.length + value.length;
    if (this.#attributes > MAX_ATTRIBUTES) throw invalid('too many attributes in a transfer of files');
  }

  /** A name of a file that was made anew would still be the old one's. */
  #isStillLinked(held: Held): boolean {
    return !held.isHardLink() || held.original === this.#held.get(held.target);
  }

  async #change(path: string, stat: Stat, before: Held | undefined): Promise<boolean> {
    const held = heldOf(stat);
    this.#countAttributes(held);
    held.transfer = this.#transfer;
    this.#changes(path);
    const stays = before?.isDirectory() && held.isDirectory();
    if (before && !stays) await this.#remove(path);
    this.#held.set(path, held);
    if (held.isDirectory()) await this.#directory(path, held, stays ? before : undefined);
    else if (held.isHardLink()) this.#links.push({ path, held });
    else if (held.isFile()) {
      this.#writer.begin(path, inside(this.#root, path), held);
      return true;
    } else await this.#special(path, held, stat);
    return false;
  }

  async #directory(path: string, held: Held, before: Held | undefined): Promise<void> {
    const at = inside(this.#root, path);
    const { uid, gid, mode, xattrs } = held;
    if (!before) await mkdir(at, 0o700);
    if (uid !== 0 || gid !== 0 || before) await lchown(at, uid, gid);
    await chmod(at, mode & 0o7777);
    for (const [name] of before?.xattrs ?? []) removeXattr(at, Buffer.from(name, 'latin1'));
    for (const [name, value] of xattrs)
      setXattr(at, { name: Buffer.from(name, 'latin1'), value: Buffer.from(value, 'latin1') });
  }

  async #special(path: string, held: Held, { linkname }: Stat): Promise<void> {
    const at = inside(this.#root, path);
    if (held.isSymbolicLink()) {
      if (linkname.length === 0 || linkname.includes(0)) throw invalid('a symbolic link without a target');
      await symlink(Buffer.from(linkname), at);
    } else mknodat(AT_FDCWD, at, held.mode, held.rdev);
    if (held.uid !== 0 || held.gid !== 0) await lchown(at, held.uid, held.gid);
    if (!held.isSymbolicLink()) await chmod(at, held.mode & 0o7777);
    const time = timespec(held.modTime);
    setTimes(at, time, time);
  }

  async #hardLink(path: string, held: Held): Promise<void> {
    const { target } = held;
    const original = this.#held.get(target);
    if (!original?.isFile() || original.isHardLink() || original.transfer !== this.#transfer) {
      throw invalid(`a hard link to ${JSON.stringify(Buffer.from(target, 'latin1').toString())}, which is no file`);
    }
    await link(inside(this.#root, target), inside(this.#root, path));
    held.original = original;
  }

  #changes(path: string): void {
    if (!this.#hasChanged) this.#forget();
    this.#hasChanged = true;
    this.#touched.add(path).add(folderOf(path));
  }

  async #remove(path: string): Promise<void> {
    this.#changes(path);
    await rm(inside(this.#root, path) as unknown as string, { recursive: true, force: true });
    const below = `${path}/`;
    const wasDirectory = this.#held.get(path)?.isDirectory();
    this.#held.delete(path);
    if (wasDirectory) for (const other of this.#held.keys()) if (other.startsWith(below)) this.#held.delete(other);
  }
}

const folderOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));
