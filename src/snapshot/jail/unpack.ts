import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { invalid } from '#errdefs';
import { AT_FDCWD, isErrno, makeDevice, mknodat, setXattr } from '#sys/tree';
import type { TarEntry, Time } from '#tar';
import { cleanPath, isAufsPath, joinPath, splitPath, TarReader, whiteoutOf } from '#tar';
import { OPAQUE, setEntryTimes, setOwnership } from './attributes.ts';
import { unlessGone } from './changes.ts';
import { ContentWriter } from './content.ts';
import { decompress } from './decompress.ts';
import type { CopyRules, TaskResult, UnpackLimits } from './task.ts';
import { atRoot, makeDirectories, removeTree } from './tree.ts';

const { S_IFBLK, S_IFCHR, S_IFIFO, O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_RDONLY, O_WRONLY } = fs.constants;
const STDIN = 0;
/** Behind a path it goes through a link at the end of it. */
const DOT = Buffer.from('.');
const SLASH = Buffer.from('/');

/** Unpacks the layer on standard input into the root and checks its digest. */
export async function unpackLayer(diffId: string, limits: UnpackLimits): Promise<TaskResult> {
  const hash = createHash('sha256');
  async function* hashed() {
    for await (const chunk of decompress(STDIN, limits)) {
      hash.update(chunk);
      yield chunk;
    }
  }
  const result = await new Unpacking(limits).run(hashed());
  const digest = `sha256:${hash.digest('hex')}`;
  if (digest !== diffId) throw invalid(`wrong diff id calculated on extraction "${digest}", expected "${diffId}"`);
  return result;
}

/** Unpacks the archive on standard input as plain files into a directory. */
export async function unpackInto(path: Buffer, limits: UnpackLimits, rules: CopyRules): Promise<TaskResult> {
  return await new Unpacking(limits, { top: cleanPath(path), rules }).run(decompress(STDIN, limits));
}

/** One archive on its way into the root, or as plain files into a directory `top` of it. */
class Unpacking {
  readonly #limits: UnpackLimits;
  readonly #top: Buffer;
  /** Of a copy into a container; undefined: this is a layer. */
  readonly #rules: CopyRules | undefined;
  readonly #content = new ContentWriter();
  /** Times of directories, set when nothing more is put into them; keyed by path in latin1. */
  readonly #times = new Map<string, { atime?: Time; mtime: Time }>();
  #timesBytes = 0;
  readonly #implied = new Set<string>();
  #size = 0;
  #entries = 0;

  constructor(limits: UnpackLimits, copy?: { readonly top: Buffer; readonly rules: CopyRules }) {
    this.#limits = limits;
    this.#top = copy?.top ?? Buffer.alloc(0);
    this.#rules = copy?.rules;
  }

  async run(chunks: AsyncIterable<Buffer>): Promise<TaskResult> {
    const reader = new TarReader(chunks, { entries: this.#limits.entries });
    for (let entry = await reader.next(); entry; entry = await reader.next()) await this.#take(entry, reader);
    // A digest is of the whole stream.
    await reader.drain();
    this.#setDirectoryTimes();
    return { size: this.#size, entries: this.#entries, implied: [...this.#implied].slice(0, MOST_IMPLIED) };
  }

  async #take(entry: TarEntry, reader: TarReader): Promise<void> {
    this.#count();
    const path = this.#below(entry.name);
    if (this.#rules) return await this.#copy(path, { entry, rules: this.#rules }, reader);
    if (path.length === 0) {
      if (entry.type === 'directory') this.#finishDirectory(path, entry);
      return;
    }
    if (isAufsPath(path)) return;
    const { parent, base } = splitPath(path);
    const whiteout = whiteoutOf(base);
    if (whiteout?.kind === 'remove')
      this.#hide(joinPath(parent.length === 0 ? [whiteout.name] : [parent, whiteout.name]));
    else if (whiteout?.kind === 'opaque') this.#withParent(parent, () => setXattr(joinPath([parent, DOT]), OPAQUE));
    else if (!whiteout) await this.#make(path, entry, reader);
  }

  /** Puts an entry into a container; the top itself is left as it is. */
  async #copy(path: Buffer, { entry, rules }: Copied, reader: TarReader): Promise<void> {
    if (leavesTop(entry.name)) throw invalid(`invalid entry name ${JSON.stringify(entry.name.toString())}`);
    if (entry.type === 'hardlink' && leavesTop(entry.linkName)) {
      throw invalid(`invalid hardlink target ${JSON.stringify(entry.linkName.toString())}`);
    }
    if (path.equals(this.#top)) return;
    if (rules.keepsKinds) this.#assertKind(path, entry);
    await this.#make(path, rules.owner ? { ...entry, ...rules.owner } : entry, reader);
  }

  #assertKind(path: Buffer, { name, type }: TarEntry): void {
    const there = unlessGone(() => fs.lstatSync(path));
    if (!there || there.isDirectory() === (type === 'directory')) return;
    const [wrong, right] = there.isDirectory() ? ['directory', 'non-directory'] : ['non-directory', 'directory'];
    const [what, where] = [cleanPath(name), Buffer.concat([SLASH, this.#top])].map((text) =>
      JSON.stringify(text.toString()),
    );
    throw invalid(`cannot overwrite ${wrong} ${what} with ${right} ${where}`);
  }

  /** A name of the archive as a path below the root. */
  #below(name: Buffer): Buffer {
    const path = cleanPath(name);
    if (this.#top.length === 0 || path.length === 0) return path.length === 0 ? this.#top : path;
    return joinPath([this.#top, path]);
  }

  async #make(path: Buffer, entry: TarEntry, reader: TarReader): Promise<void> {
    switch (entry.type) {
      case 'file':
        return await this.#file(path, entry, reader);
      case 'directory':
        return this.#directory(path, entry);
      case 'hardlink':
        return this.#place(path, () => fs.linkSync(this.#below(entry.linkName), path));
      case 'symlink':
        this.#place(path, () => fs.symlinkSync(symlinkTarget(entry), path));
        // Docker: the size of an image counts the targets of its symbolic links.
        this.#size += entry.linkName.length;
        break;
      case 'char':
      case 'block':
      case 'fifo':
        this.#place(path, () => mknodat(AT_FDCWD, path, nodeMode(entry), deviceOf(entry)));
        break;
      default:
        throw invalid(`unhandled tar header type ${entry.flag.charCodeAt(0)}`);
    }
    setOwnership(path, entry);
    setEntryTimes(path, entry);
  }

  async #file(path: Buffer, entry: TarEntry, reader: TarReader): Promise<void> {
    const fd = this.#place(path, () => fs.openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600));
    try {
      await this.#content.write(fd, entry.size, reader);
      this.#size += entry.size;
      setOwnership(fd, entry);
      setEntryTimes(fd, entry);
    } finally {
      fs.closeSync(fd);
    }
  }

  #directory(path: Buffer, entry: TarEntry): void {
    try {
      this.#withParent(splitPath(path).parent, () => fs.mkdirSync(path, 0o700));
    } catch (error) {
      if (!isErrno(error, 'EEXIST')) throw error;
      const there = fs.lstatSync(path);
      if (!there.isDirectory()) {
        removeTree(path);
        fs.mkdirSync(path, 0o700);
        // The name was hidden before: what the layers below have in it stays hidden.
        if (isWhiteout(there)) setXattr(path, OPAQUE);
      }
    }
    this.#finishDirectory(path, entry);
  }

  #finishDirectory(path: Buffer, entry: TarEntry): void {
    const { atime, mtime } = entry;
    const key = path.toString('latin1');
    setOwnership(atRoot(path), entry);
    this.#implied.delete(key);
    if (!this.#times.has(key)) this.#remember(key.length);
    this.#times.set(key, { ...(atime && { atime }), mtime });
  }

  /** Hides a name of the layers below. What this layer itself has of that name stays, alone. */
  #hide(path: Buffer): void {
    try {
      this.#withParent(splitPath(path).parent, () => mknodat(AT_FDCWD, path, S_IFCHR, 0));
    } catch (error) {
      if (!isErrno(error, 'EEXIST')) throw error;
      if (fs.lstatSync(path).isDirectory()) setXattr(path, OPAQUE);
    }
  }

  /** Makes something at a path, in place of what stands there. */
  #place<T>(path: Buffer, make: () => T): T {
    try {
      return this.#withParent(splitPath(path).parent, make);
    } catch (error) {
      if (!isErrno(error, 'EEXIST')) throw error;
      removeTree(path);
      return make();
    }
  }

  /** Makes the directories above only when they turn out to be missing. */
  #withParent<T>(parent: Buffer, make: () => T): T {
    try {
      return make();
    } catch (error) {
      if (!isErrno(error, 'ENOENT')) throw error;
      makeDirectories(parent, (made) => {
        this.#count();
        this.#remember(made.length);
        this.#implied.add(made.toString('latin1'));
      });
      return make();
    }
  }

  #count(): void {
    if (++this.#entries > this.#limits.entries)
      throw invalid(`the archive has more than ${this.#limits.entries} entries`);
  }

  #remember(bytes: number): void {
    this.#timesBytes += bytes + PER_DIRECTORY;
    if (this.#timesBytes > this.#limits.directoryBytes) throw invalid('the archive has too many directories');
  }

  #setDirectoryTimes(): void {
    for (const [key, times] of this.#times) {
      const path = Buffer.from(key, 'latin1');
      try {
        const fd = fs.openSync(path.length === 0 ? '.' : path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
        setEntryTimes(fd, times);
        fs.closeSync(fd);
      } catch (error) {
        // It has been replaced or removed by a later entry.
        if (!isErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) throw error;
      }
    }
  }
}

interface Copied {
  readonly entry: TarEntry;
  readonly rules: CopyRules;
}

/** Whether a name of an archive climbs out of the directory it is unpacked into. */
function leavesTop(name: Buffer): boolean {
  let depth = 0;
  for (const part of name.toString('latin1').split('/')) {
    if (part === '..') depth--;
    else if (part !== '' && part !== '.') depth++;
    if (depth < 0) return true;
  }
  return false;
}

/** Real layers take a handful of directories for granted; the answer of a jail stays small. */
const MOST_IMPLIED = 10_000;
/** Memory that a remembered directory takes besides its name. */
const PER_DIRECTORY = 200;
const NODES: Readonly<Record<string, number>> = { char: S_IFCHR, block: S_IFBLK, fifo: S_IFIFO };

const nodeMode = ({ type }: TarEntry): number => NODES[type]! | 0o600;

function deviceOf({ type, devMajor, devMinor }: TarEntry): number {
  return type === 'fifo' ? 0 : makeDevice(devMajor, devMinor);
}

/** A device 0/0 is how an overlay says that a name is gone. */
export function isWhiteout(stats: fs.Stats): boolean {
  return stats.isCharacterDevice() && stats.rdev === 0;
}

function symlinkTarget({ linkName, name }: TarEntry): Buffer {
  if (linkName.length > 0 && !linkName.includes(0)) return linkName;
  throw invalid(`the link ${JSON.stringify(name.toString())} has no target`);
}
