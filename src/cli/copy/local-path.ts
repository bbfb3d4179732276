import { lstatSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { posix } from 'node:path';
import { goQuote } from '#template/quote';
import { goFileError } from '../options/files.ts';

/** One side of a copy. */
export interface CopySide {
  readonly path: string;
  readonly exists: boolean;
  readonly isDirectory: boolean;
  /** The name it shall have in the archive instead of its own. */
  readonly rename?: string | undefined;
}

const LINKS = 10;

/** Whether a path means what is in a directory: it ends in `.`. */
export const meansContent = (path: string): boolean => /(?:^|\/)\.$/.test(path);
/** Whether a path says that it is a directory. */
export const saysDirectory = (path: string): boolean => path.endsWith('/') || meansContent(path);

const clean = (path: string): string => posix.normalize(path).replace(/(?<=.)\/$/, '');

/** A cleaned path with what the end of the original says of it. */
export function keepEnd(cleaned: string, original: string): string {
  if (!meansContent(cleaned) && meansContent(original)) return `${cleaned.endsWith('/') ? cleaned : `${cleaned}/`}.`;
  return original.endsWith('/') && !cleaned.endsWith('/') ? `${cleaned}/` : cleaned;
}

/** The directory and the last part of a path; the last part of one that means content is `.`. */
export function splitLast(path: string): { directory: string; base: string } {
  const cleaned = clean(path) + (meansContent(path) ? '/.' : '');
  if (cleaned.endsWith('/.')) return { directory: cleaned.slice(0, -2) || '/', base: '.' };
  return { directory: posix.dirname(cleaned), base: posix.basename(cleaned) || '/' };
}

/** A local path from the root, its end kept. */
export function absolute(path: string): string {
  return keepEnd(clean(posix.resolve(path)), path);
}

/** The target of a link in a container, seen from the link. */
export function linkTarget(link: string, target: string): string {
  return target.startsWith('/') ? target : posix.join(splitLast(link).directory, target);
}

/** What a path resolves to, its end kept, and the name it was asked for by when that changed. */
export function renamed(path: string, resolved: string): { path: string; rename: string | undefined } {
  const kept = keepEnd(resolved, path);
  const [asked, got] = [lastPart(path), lastPart(kept)];
  return { path: kept, rename: asked === got ? undefined : asked };
}

const lastPart = (path: string): string =>
  path
    .replace(/(?<=.)\/+$/, '')
    .split('/')
    .at(-1) || '/';

/** What is to be copied from here. A link is copied itself unless links are followed or something comes behind it. */
export function sourceSide(path: string, followsLink: boolean): CopySide {
  return readable(path, () => {
    if (followsLink) {
      const found = renamed(path, realpathSync(path));
      return { ...found, exists: true, isDirectory: lstatSync(found.path).isDirectory() };
    }
    const slash = path.lastIndexOf('/', path.length - 1);
    const directory = realpathSync(path.slice(0, slash) || '/');
    const resolved = `${directory === '/' ? '' : directory}/${path.slice(slash + 1)}`;
    const rename = path.endsWith('/') && lastPart(path) !== lastPart(resolved) ? lastPart(path) : undefined;
    return { path: resolved, rename, exists: true, isDirectory: lstatSync(resolved).isDirectory() };
  });
}

/** Where a copy goes to here: a link at its end is followed, and need not lead to something. */
export function destinationSide(original: string): CopySide {
  return readable(original, () => {
    let path = original;
    for (let links = 0; ; links++) {
      const stats = lstatSync(path, { throwIfNoEntry: false });
      if (!stats) return { path, exists: false, isDirectory: assertParent(path) };
      if (!stats.isSymbolicLink()) return { path, exists: true, isDirectory: stats.isDirectory() };
      if (links > LINKS) throw new Error(`too many symlinks in ${original}`);
      path = linkTarget(path, readlinkSync(path));
    }
  });
}

/** Always false: the parent of what does not exist is there. */
function assertParent(path: string): false {
  if (!statSync(splitLast(path).directory).isDirectory()) throw new Error('not a directory');
  return false;
}

/** Refuses a place that nothing can be written to. */
export function assertOutputPath(path: string): void {
  const directory = posix.dirname(clean(path));
  if (directory !== '.' && !statSync(directory, { throwIfNoEntry: false })) {
    throw new Error(`invalid output path: directory ${goQuote(directory)} does not exist`);
  }
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats || stats.isDirectory() || stats.isFile()) return;
  if (!stats.isBlockDevice() && !stats.isCharacterDevice()) return;
  const wrong = `invalid output path: ${goQuote(path)} must be a directory or a regular file: got a device`;
  throw new Error(wrong);
}

/** File errors in Go's words. */
function readable<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const { code, path: at } = error as NodeJS.ErrnoException;
    throw code === undefined ? error : goFileError(error as NodeJS.ErrnoException, at ?? path);
  }
}
