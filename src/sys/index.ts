/**
 * The kernel, thinly: each call is a typed wrapper that throws {@link SystemError} and decides nothing. The only module
 * that imports koffi. Calls block the thread that makes them: whatever can wait belongs to a worker or a jail.
 */
export type { CgroupHierarchy, CgroupLayout } from './cgroup.ts';
export { detectCgroups, parseCgroups } from './cgroup.ts';
export { failpoint } from './failpoint.ts';
export { flockExclusive } from './flock.ts';
export type { LegacyAccept } from './iptables-legacy.ts';
export { legacyForward } from './iptables-legacy.ts';
export { call, closeFd } from './libc.ts';
export * as conntrack from './netlink-conntrack.ts';
export * as nfnetlink from './netlink-nftables.ts';
export * as rtnetlink from './netlink-route.ts';
export { NETLINK_NETFILTER, NETLINK_ROUTE, NetlinkSocket } from './netlink-socket.ts';
export { inNetns } from './netns.ts';
export { runNftables } from './nftables.ts';
export { isAlive, signalProcess } from './pidfd.ts';
export { probePort } from './port-probe.ts';
export { bootId, processStartTime } from './proc.ts';
export type { SeccompFilter, SeccompRule } from './seccomp.ts';
export { compileSeccomp } from './seccomp.ts';
export { syncfs } from './syncfs.ts';
export { isErrno, SystemError } from './system-error.ts';
