import { lstatSync, mkdirSync, readdirSync, readlinkSync, rmdirSync, statSync, unlinkSync } from 'node:fs';
import { invalid } from '#errdefs';
import { isErrno } from '#sys/tree';
import { cleanPath, joinPath, splitPath } from '#tar';

const SLASH = Buffer.from('/');
const LINKS = 40;

/** Paths here are cleaned and relative to the root; the empty one is the root itself. */
export function atRoot(path: Buffer): Buffer {
  return path.length === 0 ? SLASH : path;
}

/** Makes a directory and those above it that are missing, going through links as the kernel does. Names what it made. */
export function makeDirectories(path: Buffer, made: (path: Buffer) => void, links = 0): void {
  let end = 0;
  while (end < path.length) {
    const slash = path.indexOf(0x2f, end + 1);
    end = slash < 0 ? path.length : slash;
    const prefix = path.subarray(0, end);
    if (tryMakeDirectory(prefix)) {
      made(Buffer.from(prefix));
      continue;
    }
    if (isDirectory(prefix)) continue;
    if (links === LINKS) throw invalid(`too many links in ${JSON.stringify(path.toString())}`);
    // A link into the void: what it points to, inside of the root, is made.
    makeDirectories(linkTarget(prefix), made, links + 1);
  }
}

function tryMakeDirectory(path: Buffer): boolean {
  try {
    mkdirSync(path, 0o755);
    return true;
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return false;
    throw error;
  }
}

function isDirectory(path: Buffer): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) return false;
    throw error;
  }
}

/** Where a symbolic link points, as a cleaned path; throws ENOTDIR's like when it is none. */
function linkTarget(path: Buffer): Buffer {
  let target: Buffer;
  try {
    target = readlinkSync(path, { encoding: 'buffer' });
  } catch (error) {
    if (!isErrno(error, 'EINVAL')) throw error;
    throw invalid(`mkdir ${JSON.stringify(path.toString())}: not a directory`);
  }
  return cleanPath(target[0] === 0x2f ? target : joinPath([splitPath(path).parent, target]));
}

/** Removes whatever stands at a path, a directory with all that is in it. */
export function removeTree(path: Buffer): void {
  if (!lstatSync(path).isDirectory()) {
    unlinkSync(path);
    return;
  }
  const stack = [{ path, emptied: false }];
  for (let top = stack[0]; top; top = stack[stack.length - 1]) {
    if (top.emptied) {
      rmdirSync(top.path);
      stack.pop();
      continue;
    }
    top.emptied = true;
    for (const name of readdirSync(top.path, { encoding: 'buffer' })) {
      const child = joinPath([top.path, name]);
      if (lstatSync(child).isDirectory()) stack.push({ path: child, emptied: false });
      else unlinkSync(child);
    }
  }
}
