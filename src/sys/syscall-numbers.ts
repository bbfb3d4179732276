/**
 * System calls that libseccomp may be too old to know. From 424 on numbers are the same on every architecture
 * (scripts/syscall.tbl of the kernel); `x86-64` ones have their own.
 */
const SHARED: Readonly<Record<string, number>> = Object.fromEntries(
  [
    'pidfd_send_signal io_uring_setup io_uring_enter io_uring_register open_tree move_mount fsopen fsconfig fsmount',
    'fspick pidfd_open clone3 close_range openat2 pidfd_getfd faccessat2 process_madvise epoll_pwait2 mount_setattr',
    'quotactl_fd landlock_create_ruleset landlock_add_rule landlock_restrict_self memfd_secret process_mrelease',
    'futex_waitv set_mempolicy_home_node cachestat fchmodat2 map_shadow_stack futex_wake futex_wait futex_requeue',
    'statmount listmount lsm_get_self_attr lsm_set_self_attr lsm_list_modules mseal setxattrat getxattrat listxattrat',
    'removexattrat open_tree_attr file_getattr file_setattr',
  ]
    .flatMap((line) => line.split(' '))
    .map((name, offset) => [name, 424 + offset]),
);
const X64: Readonly<Record<string, number>> = { uretprobe: 335, uprobe: 336 };

/** The number of a recent system call on an architecture (libseccomp's name); undefined for all others. */
export function recentSyscallNumber(architecture: string, name: string): number | undefined {
  return SHARED[name] ?? (architecture === 'x86_64' ? X64[name] : undefined);
}
