import { closeSync, openSync } from 'node:fs';
import { call, declare } from './libc.ts';
import { isErrno } from './system-error.ts';

const ioctl = declare('int ioctl(int fd, unsigned long request, void *flags)');

const FS_IOC_GETFLAGS = 0x80086601;
const FS_IOC_SETFLAGS = 0x40086602;
const FS_TOPDIR_FL = 0x00020000;

/**
 * Says that the directories in this one have nothing to do with each other, so that the file system need not put them side
 * by side (chattr(1), `T`): ext4 does. Where it cannot be said nothing happens.
 */
export function spreadBelow(path: string): void {
  const fd = openSync(path, 'r');
  try {
    const flags = Buffer.alloc(8);
    call('ioctl', ioctl, [fd, FS_IOC_GETFLAGS, flags], path);
    const before = flags.readUInt32LE(0);
    if (before & FS_TOPDIR_FL) return;
    flags.writeUInt32LE((before | FS_TOPDIR_FL) >>> 0, 0);
    call('ioctl', ioctl, [fd, FS_IOC_SETFLAGS, flags], path);
  } catch (error) {
    if (!isErrno(error, 'ENOTTY', 'EOPNOTSUPP', 'ENOTSUP', 'EINVAL', 'EPERM', 'ENOSYS')) throw error;
  } finally {
    closeSync(fd);
  }
}
