import { closeSync, constants, fstatSync, openSync, readlinkSync, readSync } from 'node:fs';
import { LARGEST_DOCKERFILE } from '#dockerfile';
import { invalid } from '#errdefs';
import { isErrno, openInRoot } from '#sys';

/** A small file of a context, found inside of it only; undefined when there is none. */
export function readIn(folder: string, path: string): Buffer | undefined {
  using opened = openIn(folder, path, constants.O_RDONLY);
  if (!opened) return undefined;
  const stats = fstatSync(opened.fd);
  if (!stats.isFile()) return undefined;
  if (stats.size > LARGEST_DOCKERFILE) throw invalid(`${path} is larger than ${LARGEST_DOCKERFILE} bytes`);
  const content = Buffer.alloc(stats.size);
  const length = readSync(opened.fd, content, 0, stats.size, 0);
  return content.subarray(0, length);
}

/** Where a folder of a context really is, its links followed inside of it only. Nobody may write there meanwhile. */
export function folderIn(folder: string, path: string): string | undefined {
  using opened = openIn(folder, path, constants.O_RDONLY | constants.O_DIRECTORY);
  return opened && readlinkSync(`/proc/self/fd/${opened.fd}`);
}

function openIn(folder: string, path: string, flags: number): (Disposable & { readonly fd: number }) | undefined {
  const top = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    const fd = openInRoot(top, Buffer.from(path), flags | constants.O_NONBLOCK);
    return { fd, [Symbol.dispose]: () => closeSync(fd) };
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) return undefined;
    throw error;
  } finally {
    closeSync(top);
  }
}
