import { invalid } from '#errdefs';
import type { Tree } from './tree.ts';

/** As many as Go follows. */
export const MOST_LINKS = 255;

/** A path as it is told to people. */
export const utf8 = (text: string): string => Buffer.from(text, 'latin1').toString();

export const partsOf = (path: string): string[] => path.split('/').filter((part) => part !== '' && part !== '.');

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
 * for what it looks like. The result begins with the tree's root.
 */
export function resolveIn(
  tree: Pick<Tree, 'root' | 'target'>,
  path: string,
  tooMany: () => Error = () => invalid(`too many links in ${utf8(path)}`),
): string {
  let done: string[] = [];
  let left = partsOf(path);
  for (let links = 0; left.length > 0; ) {
    const name = left.shift()!;
    if (name === '..') {
      done.pop();
      continue;
    }
    const target = tree.target(`${tree.root}/${[...done, name].join('/')}`);
    if (target === undefined) {
      done.push(name);
      continue;
    }
    if (++links > MOST_LINKS) throw tooMany();
    if (target.startsWith('/')) done = [];
    left = [...partsOf(target), ...left];
  }
  return done.length === 0 ? tree.root : `${tree.root}/${done.join('/')}`;
}
