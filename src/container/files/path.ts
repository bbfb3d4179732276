import { posix } from 'node:path';
import type { PathStat } from '#api';
import { formatTime } from '#api';
import { isKind, notFound } from '#errdefs';
import type { Found } from '../deps.ts';

/** A path of a container from its root, cleaned; a slash at its end, or `/.`, keeps its meaning. */
export function absolutePath(path: string): string {
  const clean = posix.normalize(`/${path}`).replace(/(?<=.)\/$/, '');
  if (clean === '/') return clean;
  return /(?:^|\/)\.$/.test(path) ? `${clean}/.` : path.endsWith('/') ? `${clean}/` : clean;
}

/** The last part of a path, as Go's filepath.Base has it: `.` stays, the root is `/`. */
export function baseName(path: string): string {
  const base = path.replace(/\/+$/, '').split('/').at(-1)!;
  return base === '' ? '/' : base;
}

const S_IFMT = 0o170000;
const GO_KINDS: ReadonlyMap<number, number> = new Map([
  [0o040000, 2 ** 31],
  [0o120000, 2 ** 27],
  [0o060000, 2 ** 26],
  [0o010000, 2 ** 25],
  [0o140000, 2 ** 24],
  [0o020000, 2 ** 26 + 2 ** 21],
]);
const GO_BITS: readonly (readonly [bit: number, mode: number])[] = [
  [0o4000, 2 ** 23],
  [0o2000, 2 ** 22],
  [0o1000, 2 ** 20],
];

/** What a client is told of a path; modes are those of Go. */
export function pathStat(path: string, { size, mode, mtime, target }: Found): PathStat {
  const kind = GO_KINDS.get(mode & S_IFMT) ?? 0;
  const bits = GO_BITS.reduce((sum, [bit, value]) => sum + (mode & bit ? value : 0), 0);
  return {
    name: baseName(path),
    size,
    mode: kind + bits + (mode & 0o777),
    mtime: formatTime(BigInt(mtime)),
    linkTarget: Buffer.from(target, 'latin1').toString(),
  };
}

/** Whatever is missing, Docker names the path that was asked for. */
export function asMissing(error: unknown, path: string, container: string): unknown {
  return isKind(error, 'not-found')
    ? notFound(`Could not find the file ${path} in container ${container}`, error)
    : error;
}
