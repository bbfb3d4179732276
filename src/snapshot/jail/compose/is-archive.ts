import * as fs from 'node:fs';
import { invalid } from '#errdefs';
import { TarReader } from '#tar';
import { decompress } from '../decompress.ts';
import type { UnpackLimits } from '../task.ts';
import { utf8 } from './resolve.ts';

const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = fs.constants;

/** Docker: a file whose first header can be read is an archive, plain or packed. */
export async function isArchive(path: string, limits: UnpackLimits): Promise<boolean> {
  const fd = fs.openSync(Buffer.from(path, 'latin1'), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  refuseForeign(fd, path);
  try {
    const reader = new TarReader(decompress(fd, limits), { entries: 1 });
    return (await reader.next()) !== undefined;
  } catch {
    return false;
  } finally {
    fs.closeSync(fd);
  }
}

/** Docker unpacks these with programs, which no jail runs; copied as they are they would be something else silently. */
const FOREIGN: readonly (readonly [magic: Buffer, name: string])[] = [
  [Buffer.from('BZh'), 'bzip2'],
  [Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]), 'xz'],
];

function refuseForeign(fd: number, path: string): void {
  const head = Buffer.alloc(6);
  fs.readSync(fd, head, 0, head.length, 0);
  const found = FOREIGN.find(([magic]) => head.subarray(0, magic.length).equals(magic));
  if (!found) return;
  fs.closeSync(fd);
  const name = utf8(path.slice(path.lastIndexOf('/') + 1));
  throw invalid(
    `${name}: ${found[1]} archives are not supported: repack as gzip, zstd or plain tar, or use --unpack=false`,
  );
}
