import * as fs from 'node:fs';
import { getXattr, isErrno } from '#sys/tree';
import type { TarEntry } from '#tar';
import { cleanPath, isAufsPath, joinPath, splitPath, TarReader, whiteoutOf } from '#tar';
import { decompress } from './decompress.ts';
import type { TaskResult, UnpackLimits } from './task.ts';
import { atRoot } from './tree.ts';

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
const STDIN = 0;
const CAPABILITY = Buffer.from('security.capability');
/** Names that are told of a damaged tree, and those that are remembered until a later entry may explain them. */
const MOST_TOLD = 10;
const MOST_SUSPECT = 100_000;
const MODE = 0o7777;

/**
 * Compares the root with the layer on standard input, entry by entry: kind, owner, mode, content, target. Names that the
 * archive does not have are not looked for. An entry that a later one of the same name replaces does not count.
 */
export async function compareLayer(limits: UnpackLimits): Promise<TaskResult> {
  const suspects = new Set<string>();
  const reader = new TarReader(decompress(STDIN, limits), { entries: limits.entries });
  let entries = 0;
  for (let entry = await reader.next(); entry; entry = await reader.next()) {
    entries++;
    const path = cleanPath(entry.name);
    if (isAufsPath(path)) continue;
    const name = path.toString('latin1');
    const isSame = await isAsArchived(path, entry, reader);
    if (isSame) explain(suspects, name, entry.type === 'directory');
    else if (suspects.size < MOST_SUSPECT) suspects.add(name);
  }
  await reader.drain();
  return { size: 0, entries, differing: [...suspects].slice(0, MOST_TOLD) };
}

/** What stands at a name now came last: what it replaced, and what was below that, is not missed. */
function explain(suspects: Set<string>, name: string, isDirectory: boolean): void {
  if (suspects.size === 0) return;
  suspects.delete(name);
  if (isDirectory) return;
  for (const suspect of suspects) if (suspect.startsWith(`${name}/`)) suspects.delete(suspect);
}

async function isAsArchived(path: Buffer, entry: TarEntry, reader: TarReader): Promise<boolean> {
  try {
    const { parent, base } = splitPath(path);
    const whiteout = whiteoutOf(base);
    if (whiteout) return fs.lstatSync(hiddenBy(parent, whiteout)) !== undefined;
    const stats = fs.lstatSync(atRoot(path));
    if (entry.type === 'hardlink') return stats.ino === fs.lstatSync(cleanPath(entry.linkName)).ino;
    return isLike(path, stats, entry) && (entry.type !== 'file' || (await hasContent(path, reader)));
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'EIO', 'EUCLEAN')) return false;
    throw error;
  }
}

function hiddenBy(parent: Buffer, whiteout: NonNullable<ReturnType<typeof whiteoutOf>>): Buffer {
  return whiteout.kind === 'remove'
    ? joinPath([parent, whiteout.name].filter((part) => part.length > 0))
    : atRoot(parent);
}

const IS: Readonly<Record<string, (stats: fs.Stats) => boolean>> = {
  file: (stats) => stats.isFile(),
  directory: (stats) => stats.isDirectory(),
  symlink: (stats) => stats.isSymbolicLink(),
  char: (stats) => stats.isCharacterDevice(),
  block: (stats) => stats.isBlockDevice(),
  fifo: (stats) => stats.isFIFO(),
};

/** All but the content. */
function isLike(path: Buffer, stats: fs.Stats, { type, uid, gid, mode, size, linkName, xattrs }: TarEntry): boolean {
  if (!IS[type]?.(stats) || stats.uid !== uid || stats.gid !== gid) return false;
  if (type === 'symlink') return fs.readlinkSync(path, { encoding: 'buffer' }).equals(linkName);
  if ((stats.mode & MODE) !== mode || (type === 'file' && stats.size !== size)) return false;
  const capability = xattrs.findLast(({ name }) => name.equals(CAPABILITY));
  return !capability || getXattr(atRoot(path), CAPABILITY)?.equals(capability.value) === true;
}

/** Whether a file has what the reader has of the current entry. */
async function hasContent(path: Buffer, reader: TarReader): Promise<boolean> {
  const fd = fs.openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    for (let piece = await reader.read(); piece; piece = await reader.read()) {
      const here = Buffer.allocUnsafe(piece.length);
      if (readFully(fd, here, reader.offset) < piece.length || !here.equals(piece)) return false;
    }
    return true;
  } finally {
    fs.closeSync(fd);
  }
}

function readFully(fd: number, buffer: Buffer, position: number): number {
  let done = 0;
  while (done < buffer.length) {
    const read = fs.readSync(fd, buffer, done, buffer.length - done, position + done);
    if (read === 0) break;
    done += read;
  }
  return done;
}
