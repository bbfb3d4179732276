import * as fs from 'node:fs';
import { TarReader } from '#tar';
import { decompress } from '../decompress.ts';
import type { UnpackLimits } from '../task.ts';

const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = fs.constants;

/** Docker: a file whose first header can be read is an archive, plain or packed; of bzip2 and xz only that they may be. */
export async function isArchive(path: string, limits: UnpackLimits): Promise<boolean> {
  const fd = fs.openSync(Buffer.from(path, 'latin1'), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    if (isForeign(fd)) return true;
    const reader = new TarReader(decompress(fd, limits), { entries: 1 });
    return (await reader.next()) !== undefined;
  } catch {
    return false;
  } finally {
    fs.closeSync(fd);
  }
}

/** Packed by what only programs unpack, which no jail runs: whoever asks sees what is in them. */
const FOREIGN = [Buffer.from('BZh'), Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00])];

function isForeign(fd: number): boolean {
  const head = Buffer.alloc(6);
  fs.readSync(fd, head, 0, head.length, 0);
  return FOREIGN.some((magic) => head.subarray(0, magic.length).equals(magic));
}
