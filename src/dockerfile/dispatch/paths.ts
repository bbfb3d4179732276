import { posix } from 'node:path';

/** Go's `path.Clean`. */
export function cleanedPath(path: string, empty = '/'): string {
  if (path === '') return empty;
  const clean = posix.normalize(path);
  return clean.length > 1 && clean.endsWith('/') ? clean.slice(0, -1) : clean;
}

/** A path of WORKDIR or COPY seen from a folder; an absolute one stays as it is written. */
export function resolvePath(folder: string, path: string, keepSlash = false): string {
  const from = folder === '' ? '/' : folder;
  const absolute = path === '' ? from : path.startsWith('/') ? path : cleanedPath(`${from}/${path}`);
  if (!keepSlash) return absolute;
  if (path.endsWith('/') && !absolute.endsWith('/')) return `${absolute}/`;
  if (path.endsWith('/.')) return absolute === '/' ? '/.' : `${absolute}/.`;
  return absolute;
}
