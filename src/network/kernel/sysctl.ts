import { readFileSync, writeFileSync } from 'node:fs';
import { isErrno } from '#sys';

/** A setting of the calling thread's namespace; undefined where the kernel does not have it. */
export function readSysctl(path: string): string | undefined {
  try {
    return readFileSync(`/proc/sys/net/${path}`, 'latin1').trim();
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** The file /proc/sys resolves to the namespace of the calling thread. Kernels without IPv6 lack some. */
export function setSysctl(path: string, value: string): void {
  try {
    writeFileSync(`/proc/sys/net/${path}`, value);
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
  }
}
