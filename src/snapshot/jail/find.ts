import * as fs from 'node:fs';
import { internal } from '#errdefs';
import { bytes, diskTree, linkAt } from './compose/disk-tree.ts';
import { MOST_LINKS, partsOf, resolveIn, utf8 } from './compose/resolve.ts';
import type { Found } from './task.ts';

const S_IFLNK = fs.constants.S_IFLNK;

/** What stands at an absolute path (latin1), a link at its end not followed unless a slash comes behind it. */
export function find(path: string): Found {
  const { size, mode, mtimeNs } = fs.lstatSync(bytes(path), { bigint: true });
  const isLink = (Number(mode) & fs.constants.S_IFMT) === S_IFLNK;
  return {
    size: Number(size),
    mode: Number(mode),
    mtime: String(mtimeNs),
    target: isLink ? followLinks(path) : '',
  };
}

/** Where a path leads in the end; what does not exist is taken for what it looks like. */
function followLinks(path: string): string {
  const tooMany = () => internal(`evalSymlinksInScope: too many links in ${utf8(path)}`);
  return resolveIn(diskTree(''), path, tooMany) || '/';
}

/**
 * The path of something that exists, without links, for an absolute path (latin1) whose links are all followed.
 * Throws ENOENT's and ENOTDIR's like as Go's EvalSymlinks does.
 */
export function evalLinks(path: string): string {
  let [done, left, links] = ['', partsOf(path), 0];
  while (left.length > 0) {
    const name = left.shift()!;
    if (name === '..') {
      done = done.slice(0, Math.max(0, done.lastIndexOf('/')));
      continue;
    }
    const next = `${done}/${name}`;
    const stats = fs.lstatSync(bytes(next));
    if (stats.isSymbolicLink()) {
      if (++links > MOST_LINKS) throw internal('EvalSymlinks: too many links');
      const target = linkAt(next) ?? '';
      [done, left] = [target.startsWith('/') ? '' : done, [...partsOf(target), ...left]];
      continue;
    }
    if (left.length > 0 && !stats.isDirectory()) throw internal('not a directory');
    done = next;
  }
  return done || '/';
}
