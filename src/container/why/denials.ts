import type { OciSeccomp } from '#oci';
import type { Context } from '../context.ts';
import type { SpecRequest } from '../deps.ts';
import type { Container } from '../record.ts';

/** System calls that programs name when they are refused; what no profile lists cannot be told from other words. */
const GUARDED: ReadonlySet<string> = new Set(
  (
    'acct add_key bpf chmod chown chroot clock_adjtime clock_settime clone3 create_module delete_module fanotify_init ' +
    'finit_module fsmount fsopen init_module io_uring_setup ioperm iopl kcmp kexec_load keyctl lookup_dcookie mbind ' +
    'mkdir mknod mount mount_setattr move_mount name_to_handle_at nfsservctl open_by_handle_at open_tree ' +
    'perf_event_open personality pivot_root process_vm_readv process_vm_writev ptrace quotactl reboot request_key ' +
    'rmdir setdomainname sethostname setns settimeofday socket swapoff swapon symlink sysfs syslog umount umount2 ' +
    'unlink unshare uselib userfaultfd ustat vhangup vm86'
  ).split(' '),
);

/** Whether the container's seccomp profile denies a system call of a name. */
export function denials(context: Context, container: Container): (syscall: string) => boolean {
  const profile = profileOf(context, container);
  if (!profile) return () => false;
  const rules = profile.syscalls ?? [];
  const isAllowed = (name: string) =>
    rules.some(({ names, action }) => action === 'SCMP_ACT_ALLOW' && names.includes(name));
  const isNamed = (name: string) =>
    rules.some(({ names, action }) => action !== 'SCMP_ACT_ALLOW' && names.includes(name));
  const byDefault = profile.defaultAction !== 'SCMP_ACT_ALLOW';
  return (name) => isNamed(name) || (byDefault && GUARDED.has(name) && !isAllowed(name));
}

/** The profile of its spec; of what else the spec is made must not matter, it may be what is wrong. */
function profileOf({ renderSpec }: Context, { id, spec }: Container): OciSeccomp | undefined {
  const { config, hostConfig } = spec;
  try {
    const request: SpecRequest = {
      id,
      config: { ...config, User: '' },
      hostConfig: { ...hostConfig, Devices: [], DeviceRequests: [], GroupAdd: [] },
      accounts: {},
      mounts: [],
      files: {},
      namespaces: { network: 'inherited' },
    };
    return renderSpec(request).spec.linux.seccomp;
  } catch {
    return undefined;
  }
}
