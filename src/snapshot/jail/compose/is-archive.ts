import * as fs from 'node:fs';
import { TarReader } from '#tar';
import { decompress } from '../decompress.ts';
import type { UnpackLimits } from '../task.ts';
import { bytes } from './resolve.ts';

const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = fs.constants;

/** Docker: a file whose first header can be read is an archive, plain or packed. */
export async function isArchive(path: string, limits: UnpackLimits): Promise<boolean> {
  const fd = fs.openSync(bytes(path), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const reader = new TarReader(decompress(fd, limits), { entries: 1 });
    return (await reader.next()) !== undefined;
  } catch {
    return false;
  } finally {
    fs.closeSync(fd);
  }
}
