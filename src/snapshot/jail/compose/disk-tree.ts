import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { isErrno, listXattrs } from '#sys/tree';
import { isOverlayXattr } from '../attributes.ts';
import type { UnpackLimits } from '../task.ts';
import { isArchive } from './is-archive.ts';
import type { ContentTree, Tree } from './tree.ts';

const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = fs.constants;
const CHUNK = 2 ** 18;

export const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

/** The files below a path of this process. */
export const diskTree = (root: string): Tree<fs.BigIntStats> => ({
  root,
  facts: lstatAt,
  names: namesIn,
  target: linkAt,
});

/** The same with what is in them, each file read once at most. */
export function diskContents(root: string, limits: UnpackLimits): ContentTree {
  const known = new Map<string, string>();
  const chunk = Buffer.allocUnsafe(CHUNK);
  return {
    ...diskTree(root),
    xattrs: xattrsAt,
    content: (path) => {
      const digest = known.get(path) ?? read(path, chunk);
      known.set(path, digest);
      return digest;
    },
    isArchive: (path) => isArchive(path, limits),
  };
}

/** Undefined for what is not there. */
export function lstatAt(path: string): fs.BigIntStats | undefined {
  try {
    return fs.lstatSync(bytes(path), { bigint: true });
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}

function namesIn(path: string): string[] {
  const names = fs.readdirSync(bytes(path), { encoding: 'buffer' });
  return names.sort(Buffer.compare).map((name) => name.toString('latin1'));
}

/** Where a link leads; undefined for what is none. */
export function linkAt(path: string): string | undefined {
  try {
    return fs.readlinkSync(bytes(path), { encoding: 'buffer' }).toString('latin1');
  } catch (error) {
    if (isErrno(error, 'EINVAL', 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}

/** In the order of names, as every file system has its own. */
function xattrsAt(path: string): [string, string][] {
  const found = listXattrs(bytes(path)).filter(({ name }) => !isOverlayXattr(name));
  found.sort((a, b) => Buffer.compare(a.name, b.name));
  return found.map(({ name, value }) => [name.toString('latin1'), value.toString('latin1')]);
}

function read(path: string, chunk: Buffer): string {
  const hash = createHash('sha256');
  const fd = fs.openSync(bytes(path), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    for (let read = fs.readSync(fd, chunk); read > 0; read = fs.readSync(fd, chunk))
      hash.update(chunk.subarray(0, read));
    return hash.digest('hex');
  } finally {
    fs.closeSync(fd);
  }
}
