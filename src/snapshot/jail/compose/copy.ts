import * as fs from 'node:fs';
import { invalid } from '#errdefs';
import { AT_FDCWD, isErrno, listXattrs, mknodat, setTimes, setXattr, timespec } from '#sys/tree';
import { isOverlayXattr } from '../attributes.ts';
import { writeAround } from '../content.ts';
import { removeTree } from '../tree.ts';
import { bytes, diskTree, lstatAt } from './disk-tree.ts';
import { Excluded } from './excluded.ts';
import type { ModeChange } from './mode.ts';
import { parseMode } from './mode.ts';
import { cleanParts, resolveIn, utf8 } from './resolve.ts';
import type { Selected } from './select.ts';
import { select } from './select.ts';
import type { Entry } from './walk.ts';
import { walk } from './walk.ts';
import type { CopyAction, Owner } from './work.ts';

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY, S_IFMT } = fs.constants;
const CHUNK = 2 ** 20;

export interface Trees {
  readonly from: string;
  readonly to: string;
}

/** Copies what an action's sources stand for into the tree; the number of names it made. */
export function copy(trees: Trees, action: CopyAction): number {
  return new Copying(trees, action).run();
}

class Copying {
  readonly #trees: Trees;
  readonly #action: CopyAction;
  readonly #mode: ModeChange | undefined;
  readonly #chunk = Buffer.allocUnsafe(CHUNK);
  readonly #links = new Map<string, string>();
  readonly #folders: { readonly to: string; readonly stats: fs.BigIntStats }[] = [];
  #count = 0;

  constructor(trees: Trees, action: CopyAction) {
    this.#trees = trees;
    this.#action = action;
    this.#mode = action.mode === '' ? undefined : parseMode(action.mode);
  }

  run(): number {
    const { from } = this.#trees;
    const excluded = new Excluded(this.#action);
    const source = diskTree(from);
    for (const selected of select(source, this.#action)) {
      const stats = lstatAt(selected.path);
      if (!stats) continue;
      if (this.#action.skip?.includes(selected.name)) continue;
      for (const entry of walk(source, selected, excluded)) this.#put(entry, selected, stats.isDirectory());
      // Last, as every name made in one changes its time.
      for (const folder of this.#folders.splice(0).toReversed()) this.#setTimes(folder.to, folder.stats);
    }
    return this.#count;
  }

  #put({ path, below, stats }: Entry<fs.BigIntStats>, selected: Selected, isTree: boolean): void {
    const to = this.#place(selected, isTree);
    if (below === '' && isTree) {
      this.#makeTop(to.path, stats);
      return;
    }
    const target = below === '' ? to.path : `${to.path}/${below}`;
    if (below === '') this.#makeAbove(to.base, target, selected);
    this.#make(path, target, stats);
  }

  /** Where what was selected goes: below an existing folder or one that is asked for, else to the name itself. */
  #place(selected: Selected, isTree: boolean): { base: string; path: string } {
    const { to } = this.#trees;
    const { destination, parents } = this.#action;
    const base = resolveIn(diskTree(to), destination);
    if (parents) return { base, path: selected.kept === '' ? base : `${base}/${selected.kept}` };
    if (isTree) return { base, path: base };
    const isFolder = destination.endsWith('/') || lstatAt(base)?.isDirectory() === true;
    const name = selected.name.slice(selected.name.lastIndexOf('/') + 1);
    return isFolder ? { base, path: `${base}/${name}` } : { base: dirname(base), path: base };
  }

  /** The folder that the contents of another one go into. Docker: a new one has nothing of the other one but what is in it. */
  #makeTop(path: string, stats: fs.BigIntStats): void {
    const [{ to }, there] = [this.#trees, lstatAt(path)];
    if (there && !there.isDirectory()) throw invalid(`cannot copy to non-directory: ${utf8(path.slice(to.length))}`);
    if (this.#action.parents) {
      if (there) return;
      this.#makeWay(dirname(path));
      this.#makeFolder(path, path, stats);
      return;
    }
    // Its time alone is the source's.
    if (!there) this.#makeWay(path);
    this.#folders.push({ to: path, stats });
  }

  #makeWay(path: string): void {
    makeFolders(this.#trees.to, path.slice(this.#trees.to.length), this.#action);
  }

  #makeAbove(base: string, target: string, selected: Selected): void {
    const { from } = this.#trees;
    this.#makeWay(base);
    if (!this.#action.parents) {
      this.#makeWay(dirname(target));
      return;
    }
    // Folders on the way are like those of the source.
    const kept = selected.kept.split('/').slice(0, -1);
    const skipped = selected.name.split('/').length - selected.kept.split('/').length;
    for (let depth = 1; depth <= kept.length; depth++) {
      const place = `${base}/${kept.slice(0, depth).join('/')}`;
      if (lstatAt(place)) continue;
      const source = resolveIn(
        diskTree(from),
        selected.name
          .split('/')
          .slice(0, skipped + depth)
          .join('/'),
      );
      this.#makeFolder(source, place, lstatAt(source)!);
    }
  }

  #make(path: string, to: string, stats: fs.BigIntStats): void {
    this.#count++;
    const there = lstatAt(to);
    if (stats.isDirectory()) {
      if (there && !there.isDirectory()) {
        throw invalid(`cannot copy to non-directory: ${utf8(to.slice(this.#trees.to.length))}`);
      }
      if (there) this.#finish(path, to, stats);
      else this.#makeFolder(path, to, stats);
      return;
    }
    if (there?.isDirectory()) {
      throw invalid(`cannot replace to directory ${utf8(to.slice(this.#trees.to.length))} with file`);
    }
    if (there) fs.unlinkSync(bytes(to));
    const inode = stats.nlink > 1n ? `${stats.dev} ${stats.ino}` : '';
    const first = this.#links.get(inode);
    if (first !== undefined) {
      fs.linkSync(bytes(first), bytes(to));
      return;
    }
    if (inode !== '') this.#links.set(inode, to);
    if (stats.isFile()) this.#copyFile(path, to);
    else if (stats.isSymbolicLink()) fs.symlinkSync(fs.readlinkSync(bytes(path), { encoding: 'buffer' }), bytes(to));
    else mknodat(AT_FDCWD, bytes(to), (Number(stats.mode) & S_IFMT) | 0o600, Number(stats.rdev));
    this.#finish(path, to, stats);
    this.#setTimes(to, stats);
  }

  #makeFolder(path: string, to: string, stats: fs.BigIntStats): void {
    fs.mkdirSync(bytes(to), 0o700);
    this.#finish(path, to, stats);
  }

  #copyFile(path: string, to: string): void {
    const input = fs.openSync(bytes(path), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    const output = fs.openSync(bytes(to), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    try {
      let at = 0;
      for (let read = -1; read !== 0; at += read) {
        read = fs.readSync(input, this.#chunk, 0, CHUNK, at);
        writeAround(output, this.#chunk.subarray(0, read), at);
      }
      fs.ftruncateSync(output, at);
    } finally {
      fs.closeSync(output);
      fs.closeSync(input);
    }
  }

  #finish(path: string, to: string, stats: fs.BigIntStats): void {
    const { owner } = this.#action;
    fs.lchownSync(bytes(to), owner?.uid ?? Number(stats.uid), owner?.gid ?? Number(stats.gid));
    if (!stats.isSymbolicLink()) {
      const mode = Number(stats.mode) & 0o7777;
      fs.chmodSync(bytes(to), this.#mode ? this.#mode(mode, stats.isDirectory()) : mode);
    }
    for (const xattr of listXattrs(bytes(path))) {
      if (isOverlayXattr(xattr.name)) continue;
      try {
        setXattr(bytes(to), xattr);
      } catch (error) {
        if (!isErrno(error, 'ENOTSUP', 'EOPNOTSUPP', 'EPERM')) throw error;
      }
    }
    if (stats.isDirectory()) this.#folders.push({ to, stats });
  }

  #setTimes(to: string, stats: fs.BigIntStats): void {
    const { mtime } = this.#action;
    const time = mtime === undefined ? timespec(stats.mtimeNs) : { seconds: mtime, nanoseconds: 0 };
    setTimes(bytes(to), time, time);
  }
}

interface Way {
  readonly owner?: Owner;
  /** Docker: what `--chmod` says in digits goes for folders on the way too, but for the bits above 0777. */
  readonly mode?: string;
}

/** Makes the folders of a path that are missing, links followed. */
export function makeFolders(root: string, path: string, way: Way): void {
  const parts = cleanParts(path);
  for (let depth = 1; depth <= parts.length; depth++) {
    const place = resolveIn(diskTree(root), parts.slice(0, depth).join('/'));
    const there = lstatAt(place);
    if (there?.isDirectory()) continue;
    if (there) throw invalid(`lstat /${utf8(parts.join('/'))}: not a directory`);
    makeMissing(root, place, way);
  }
}

/** A link may lead to where several are missing. */
function makeMissing(root: string, place: string, way: Way): void {
  const above = dirname(place);
  if (above.length > root.length && !lstatAt(above)) makeMissing(root, above, way);
  const { owner, mode = '' } = way;
  fs.mkdirSync(bytes(place), 0o700);
  fs.chmodSync(bytes(place), /^[0-7]+$/.test(mode) ? Number.parseInt(mode, 8) & 0o777 : 0o755);
  if (owner) fs.lchownSync(bytes(place), owner.uid, owner.gid);
}

export const dirname = (path: string): string => path.slice(0, path.lastIndexOf('/')) || '/';

/** Removes an empty file or folder; anything else stays. */
export function drop(root: string, path: string): void {
  const parts = cleanParts(path);
  const above = resolveIn(diskTree(root), parts.slice(0, -1).join('/'));
  const place = `${above}/${parts.at(-1) ?? ''}`;
  const there = lstatAt(place);
  if (!there || parts.length === 0) return;
  if (there.isFile() && there.size === 0n) fs.unlinkSync(bytes(place));
  else if (there.isDirectory() && fs.readdirSync(bytes(place)).length === 0) removeTree(bytes(place));
}
