/**
 * The kernel, thinly: each call is a typed wrapper that throws {@link SystemError} and decides nothing. The only module
 * that imports koffi. Calls block the thread that makes them: whatever can wait belongs to a worker or a jail.
 */
export type { DirectoryEntry } from './at.ts';
export {
  AT_FDCWD,
  AT_REMOVEDIR,
  makeDevice,
  mkdirat,
  mknodat,
  O_PATH,
  openat,
  readDirectory,
  readlinkat,
  splitDevice,
  unlinkat,
} from './at.ts';
export type { CgroupHierarchy, CgroupLayout } from './cgroup.ts';
export { detectCgroups, parseCgroups } from './cgroup.ts';
export { closeOnExec } from './close-on-exec.ts';
export type { BpfInstruction } from './confine.ts';
export { chroot, installSeccompFilter } from './confine.ts';
export { failpoint } from './failpoint.ts';
export { allocate } from './fallocate.ts';
export { makeFifo } from './fifo.ts';
export { flockExclusive } from './flock.ts';
export type { LegacyAccept } from './iptables-legacy.ts';
export { legacyForward } from './iptables-legacy.ts';
export { call, closeFd } from './libc.ts';
export type { Listener } from './listener.ts';
export { findListener } from './listener.ts';
export {
  detach,
  MNT_DETACH,
  MS_BIND,
  MS_NODEV,
  MS_NOEXEC,
  MS_NOSUID,
  MS_PRIVATE,
  MS_RDONLY,
  MS_REC,
  MS_REMOUNT,
  MS_SLAVE,
  mount,
  umount,
} from './mount.ts';
export { encodeRequests } from './netlink-codec.ts';
export * as conntrack from './netlink-conntrack.ts';
export * as nfnetlink from './netlink-nftables.ts';
export * as rtnetlink from './netlink-route.ts';
export { NETLINK_NETFILTER, NETLINK_ROUTE, NetlinkSocket } from './netlink-socket.ts';
export { inNetns } from './netns.ts';
export { nftables } from './nftables.ts';
export { sendUnixDatagram } from './notify.ts';
export {
  openat2,
  openInRoot,
  RESOLVE_BENEATH,
  RESOLVE_IN_ROOT,
  RESOLVE_NO_MAGICLINKS,
  RESOLVE_NO_SYMLINKS,
  RESOLVE_NO_XDEV,
} from './openat2.ts';
export { copyDescriptor, isAlive, signalProcess } from './pidfd.ts';
export { probePort } from './port-probe.ts';
export { bootId, processStartTime } from './proc.ts';
export type { SeccompFilter, SeccompRule } from './seccomp.ts';
export { compileSeccomp } from './seccomp.ts';
export { descriptorOf, sendByte } from './send-descriptor.ts';
export { sendfile } from './sendfile.ts';
export { spreadBelow } from './spread.ts';
export type { MountFlag } from './statfs.ts';
export { mountFlags } from './statfs.ts';
export { syncfs } from './syncfs.ts';
export { isErrno, SystemError } from './system-error.ts';
export { UnixDatagram } from './unix-datagram.ts';
export { unlinkFile } from './unlink.ts';
export type { Timespec } from './utimens.ts';
export { setTimes, timespec } from './utimens.ts';
export type { FileXattr } from './xattr.ts';
export { getXattr, listXattrs, removeXattr, setXattr } from './xattr.ts';
