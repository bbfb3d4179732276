import type { BigIntStats } from 'node:fs';
import * as fs from 'node:fs';
import type { EntryType, NewEntry } from '#tar';
import { encodeEntry, joinPath, paddingOf, TAR_END } from '#tar';

const CHUNK = 256 * 1024;
const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = fs.constants;
const SLASH = Buffer.from('/');

/** An archive of what stands at a local path, in which `name` stands for it. Sockets are left out. */
export async function* pack(path: string, name: string): AsyncGenerator<Buffer> {
  const links = new Map<string, Buffer>();
  const stack: { path: Buffer; name: Buffer }[] = [{ path: Buffer.from(path), name: Buffer.from(name) }];
  for (let at = stack.pop(); at; at = stack.pop()) {
    const stats = fs.lstatSync(at.path, { bigint: true });
    if (!stats.isSocket()) yield* entry(at, stats, links);
    if (!stats.isDirectory()) continue;
    const names = fs.readdirSync(at.path, { encoding: 'buffer' }).sort(Buffer.compare).reverse();
    for (const base of names) stack.push({ path: joinPath([at.path, base]), name: joinPath([at.name, base]) });
  }
  yield TAR_END;
}

async function* entry(
  { path, name }: { path: Buffer; name: Buffer },
  stats: BigIntStats,
  links: Map<string, Buffer>,
): AsyncGenerator<Buffer> {
  const described = describe(path, name, stats);
  const inode = stats.nlink > 1n && !stats.isDirectory() ? `${stats.dev} ${stats.ino}` : '';
  const first = links.get(inode);
  if (first) yield encodeEntry({ ...described, type: 'hardlink', linkName: first, size: 0 });
  else if (!stats.isFile()) yield encodeEntry(described);
  else yield* file(path, described);
  if (!first && inode !== '') links.set(inode, name);
}

/** A file that grows or shrinks meanwhile is cut or filled up to the size that its header states. */
async function* file(path: Buffer, described: NewEntry): AsyncGenerator<Buffer> {
  const fd = fs.openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const size = described.size ?? 0;
    yield encodeEntry(described);
    for (let at = 0; at < size; ) {
      const piece = Buffer.alloc(Math.min(CHUNK, size - at));
      at += fs.readSync(fd, piece, 0, piece.length, at) || piece.length;
      yield piece.subarray(0, Math.min(piece.length, size));
    }
    yield paddingOf(size);
  } finally {
    fs.closeSync(fd);
  }
}

function describe(path: Buffer, name: Buffer, stats: BigIntStats): NewEntry {
  const type = typeOf(stats);
  const isDevice = type === 'char' || type === 'block';
  return {
    type,
    name: type === 'directory' ? Buffer.concat([name, SLASH]) : name,
    mode: Number(stats.mode) & 0o7777,
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    size: type === 'file' ? Number(stats.size) : 0,
    mtime: { seconds: Number(stats.mtimeNs / 1_000_000_000n), nanoseconds: Number(stats.mtimeNs % 1_000_000_000n) },
    ...(type === 'symlink' && { linkName: fs.readlinkSync(path, { encoding: 'buffer' }) }),
    ...(isDevice && deviceOf(stats.rdev)),
  };
}

/** The numbers of a device, as glibc packs them. */
function deviceOf(rdev: bigint): { devMajor: number; devMinor: number } {
  const major = ((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & ~0xfffn);
  const minor = (rdev & 0xffn) | ((rdev >> 12n) & ~0xffn);
  return { devMajor: Number(major), devMinor: Number(minor & 0xffffffffn) };
}

function typeOf(stats: BigIntStats): EntryType {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  if (stats.isSymbolicLink()) return 'symlink';
  if (stats.isFIFO()) return 'fifo';
  return stats.isBlockDevice() ? 'block' : 'char';
}
