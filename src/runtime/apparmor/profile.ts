/** Who may send signals to a container besides its own processes: a runtime may have a profile of its own. */
const SENDERS = ['unconfined', 'runc', 'crun', '/usr/bin/crun', '/usr/{bin,sbin}/runc'];

/**
 * The profile of containers that ask for none, in AppArmor's language: what Docker's default one covers. A container may do
 * what its capabilities allow, but not mount, not reach into the host by /proc and /sys, not use the kernel's crypto sockets,
 * and not trace or signal what is not its own. Complete in itself: it includes no file of the host.
 */
export function renderProfile(name: string): string {
  return [
    `profile ${name} flags=(attach_disconnected,mediate_deleted) {`,
    ...RULES.map((rule) => `  ${rule},`),
    ...SENDERS.map((sender) => `  signal (receive) peer=${sender},`),
    `  signal (send, receive) peer=${name},`,
    `  ptrace (trace, read, tracedby, readby) peer=${name},`,
    '}',
    '',
  ].join('\n');
}

/** `[^1-9]…`: all names below /proc but those of processes and `sys`. */
const NOT_A_PROCESS = '{[^1-9],[^1-9][^0-9],[^1-9s][^0-9y][^0-9s],[^1-9][^0-9][^0-9][^0-9]*}';

const RULES: readonly string[] = [
  'network',
  'deny network alg',
  'capability',
  'file',
  'umount',
  'deny mount',
  'deny /proc/* w',
  `deny /proc/${NOT_A_PROCESS}/** w`,
  'deny /proc/sys/[^k]** w',
  'deny /proc/sys/kernel/{?,??,[^s][^h][^m]**} w',
  ...['/proc/sysrq-trigger', '/proc/kcore'].map((path) => `deny ${path} rwklx`),
  // All of /sys but /sys/fs/cgroup.
  ...['[^f]*', 'f[^s]*', 'fs/[^c]*', 'fs/c[^g]*', 'fs/cg[^r]*'].map((path) => `deny /sys/${path}/** wklx`),
  ...['firmware', 'devices/virtual/powercap', 'kernel/security'].map((path) => `deny /sys/${path}/** rwklx`),
];
