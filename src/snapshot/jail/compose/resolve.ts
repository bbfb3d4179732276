import * as fs from 'node:fs';
import { invalid } from '#errdefs';
import { isErrno } from '#sys/tree';

/** As many as Go follows. */
const LINKS = 255;

export const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
export const utf8 = (text: string): string => bytes(text).toString();

/** The parts of a path, `..` applied to what is written and never above the top. */
export function cleanParts(path: string): string[] {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return parts;
}

/**
 * Where a path of a tree leads, its links followed as if the tree were the whole file system; what does not exist is taken
 * for what it looks like. The result begins with `root`.
 */
export function resolveIn(root: string, path: string): string {
  let done: string[] = [];
  let left = path.split('/').filter((part) => part !== '' && part !== '.');
  for (let links = 0; left.length > 0; ) {
    const name = left.shift()!;
    if (name === '..') {
      done.pop();
      continue;
    }
    const target = linkAt(`${root}/${[...done, name].join('/')}`);
    if (target === undefined) {
      done.push(name);
      continue;
    }
    if (++links > LINKS) throw invalid(`too many links in ${utf8(path)}`);
    if (target.startsWith('/')) done = [];
    left = [...target.split('/').filter((part) => part !== '' && part !== '.'), ...left];
  }
  return done.length === 0 ? root : `${root}/${done.join('/')}`;
}

function linkAt(path: string): string | undefined {
  try {
    return fs.readlinkSync(bytes(path), { encoding: 'buffer' }).toString('latin1');
  } catch (error) {
    if (isErrno(error, 'EINVAL', 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
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

/** In the order of their bytes. */
export function namesIn(path: string): string[] {
  const names = fs.readdirSync(bytes(path), { encoding: 'buffer' });
  return names.sort(Buffer.compare).map((name) => name.toString('latin1'));
}
