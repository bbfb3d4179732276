import { constants } from 'node:fs';

/** Opens a directory itself, never what a link in its place points to. */
export const directoryFlags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/** One name in an open directory, as a path for calls that take none relative to a descriptor. */
export function inDirectory(fd: number, name: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`/proc/self/fd/${fd}/`), name]);
}
