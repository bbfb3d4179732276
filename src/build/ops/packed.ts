import { closeSync, constants, createReadStream, openSync, readSync } from 'node:fs';
import { Readable } from 'node:stream';
import { unpackForeign } from '#image';
import { openInRoot } from '#sys';
import { isForeignHead, isTarHead, TAR_HEAD } from '../remote/archive-head.ts';

/** Opens a file of a tree that may be hostile, inside of it only; paths are latin1 text. */
function openFile(root: string, name: string): number {
  const top = openSync(root, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    return openInRoot(top, Buffer.from(name, 'latin1'), constants.O_RDONLY);
  } finally {
    closeSync(top);
  }
}

/** An archive of a tree as jails can unpack it: those of bzip2 and xz are unpacked to plain ones on the way. */
export function readArchive(root: string, name: string): Readable {
  const packed = createReadStream('', { fd: openFile(root, name), autoClose: true });
  return Readable.from(unpackForeign(packed), { objectMode: false });
}

/** Of files that jails took for archives, those that are: what is in bzip2 and xz, which no jail unpacks, is seen here. */
export async function archivesAmong(root: string, names: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const name of names) if (await holdsArchive(root, name)) found.push(name);
  return found;
}

async function holdsArchive(root: string, name: string): Promise<boolean> {
  const head = Buffer.alloc(TAR_HEAD);
  const fd = openFile(root, name);
  try {
    if (!isForeignHead(head.subarray(0, readSync(fd, head)))) return true;
  } finally {
    closeSync(fd);
  }
  let unpacked = Buffer.alloc(0);
  try {
    for await (const chunk of readArchive(root, name)) {
      unpacked = Buffer.concat([unpacked, chunk as Buffer]);
      if (unpacked.length >= TAR_HEAD) break;
    }
  } catch (error) {
    // Docker: what cannot be unpacked is a file like others; a missing program is no reason to take it for one.
    if (/which this host does not have/.test((error as Error).message)) throw error;
    return false;
  }
  return isTarHead(unpacked.subarray(0, TAR_HEAD));
}
