import { call, callInPool, declare } from './libc.ts';

const mountCall = declare(
  'int mount(const char *source, const char *target, const char *type, unsigned long flags, const char *data)',
);
const umountCall = declare('int umount2(const char *target, int flags)');

export const MS_RDONLY = 1;
export const MS_NOSUID = 2;
export const MS_NODEV = 4;
export const MS_NOEXEC = 8;
export const MS_REMOUNT = 32;
export const MS_BIND = 4096;
export const MS_REC = 16384;
export const MS_PRIVATE = 1 << 18;
export const MS_SLAVE = 1 << 19;
export const MNT_DETACH = 2;

/** Mounts a file system (mount(2)); `data` is at most a page of options. */
export function mount(source: string, target: string, type: string, flags: number, data = ''): void {
  call('mount', mountCall, [source, target, type, flags, data], target);
}

/**
 * Takes the mount at `target` off the tree, off the event loop; whoever uses it keeps it. Nothing mounted there is success:
 * the number of a failure is not known in another thread.
 */
export async function detach(target: string): Promise<void> {
  await callInPool('umount2', umountCall, [target, MNT_DETACH], target).catch(() => undefined);
}

/** Unmounts what is mounted at `target` (umount2(2)); EINVAL when nothing is. */
export function umount(target: string, flags = 0): void {
  call('umount2', umountCall, [target, flags], target);
}
