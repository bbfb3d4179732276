import * as fs from 'node:fs';
import { internal } from '#errdefs';
import { isErrno } from '#sys/tree';
import type { Found } from './task.ts';

/** As many as Go follows. */
const LINKS = 255;
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
  let [done, left, links] = ['', split(path), 0];
  while (left.length > 0) {
    const name = left.shift()!;
    if (name === '..') {
      done = done.slice(0, Math.max(0, done.lastIndexOf('/')));
      continue;
    }
    const target = linkAt(`${done}/${name}`);
    if (target === undefined) done = `${done}/${name}`;
    else if (++links > LINKS) throw internal(`evalSymlinksInScope: too many links in ${utf8(path)}`);
    else [done, left] = [target.startsWith('/') ? '' : done, [...split(target), ...left]];
  }
  return done || '/';
}

function linkAt(path: string): string | undefined {
  try {
    return fs.readlinkSync(bytes(path), { encoding: 'buffer' }).toString('latin1');
  } catch (error) {
    if (isErrno(error, 'EINVAL', 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}

/**
 * The path of something that exists, without links, for an absolute path (latin1) whose links are all followed.
 * Throws ENOENT's and ENOTDIR's like as Go's EvalSymlinks does.
 */
export function evalLinks(path: string): string {
  let [done, left, links] = ['', split(path), 0];
  while (left.length > 0) {
    const name = left.shift()!;
    if (name === '..') {
      done = done.slice(0, Math.max(0, done.lastIndexOf('/')));
      continue;
    }
    const next = `${done}/${name}`;
    const stats = fs.lstatSync(bytes(next));
    if (stats.isSymbolicLink()) {
      if (++links > LINKS) throw internal('EvalSymlinks: too many links');
      const target = linkAt(next) ?? '';
      [done, left] = [target.startsWith('/') ? '' : done, [...split(target), ...left]];
      continue;
    }
    if (left.length > 0 && !stats.isDirectory()) throw internal('not a directory');
    done = next;
  }
  return done || '/';
}

const split = (path: string): string[] => path.split('/').filter((part) => part !== '' && part !== '.');
const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
/** A path as it is told to people. */
export const utf8 = (text: string): string => bytes(text).toString();
