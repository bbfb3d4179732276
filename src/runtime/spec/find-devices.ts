import { readdirSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isErrno } from '#sys';
import type { DeviceNode } from './input.ts';

/** Folders under /dev that are no devices of the host but ptys, shared memory, other containers' nodes. */
const SKIPPED = ['pts', 'shm', 'fd', 'mqueue', '.lxc', '.lxd-mounts', '.udev'];

/**
 * The device at a path, or all below a directory, links at the top followed. Paths keep the spelling asked for. Throws
 * Node's ENOENT when there is nothing; an empty list means that what is there is no device.
 */
export function findDevices(path: string): DeviceNode[] {
  const real = realpathSync(path);
  if (!statSync(real).isDirectory()) return [node(real, path)].filter((found) => found !== undefined);
  return walk(real).map((found) => ({ ...found, path: found.path.replace(real, path) }));
}

function walk(directory: string): DeviceNode[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return SKIPPED.includes(entry.name) ? [] : walk(path);
    if (!entry.isCharacterDevice() && !entry.isBlockDevice()) return [];
    try {
      const found = node(path, path);
      return found ? [found] : [];
    } catch (error) {
      // Hot-plugged devices come and go while we look.
      if (isErrno(error, 'ENOENT')) return [];
      throw error;
    }
  });
}

function node(real: string, path: string): DeviceNode | undefined {
  const stat = statSync(real);
  if (!stat.isCharacterDevice() && !stat.isBlockDevice()) return undefined;
  return {
    path,
    type: stat.isBlockDevice() ? 'b' : 'c',
    // The kernel's 64-bit dev_t (makedev(3)): 12+20 bits of major, 8+24 of minor.
    major: ((stat.rdev >> 8) & 0xfff) + Math.floor(stat.rdev / 2 ** 44) * 4096,
    minor: (stat.rdev & 0xff) | (Math.floor(stat.rdev / 2 ** 12) & 0xfff00),
    mode: stat.mode & 0o777,
    uid: stat.uid,
    gid: stat.gid,
  };
}
