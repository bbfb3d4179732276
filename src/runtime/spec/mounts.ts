import { posix } from 'node:path';
import { invalid } from '#errdefs';
import type { OciMount } from '#oci';
import type { ResolvedMount, SpecInput } from './input.ts';
import { tmpfsData, tmpfsOptions } from './tmpfs.ts';

const DEFAULT_MOUNTS: readonly Required<OciMount>[] = [
  { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
  {
    destination: '/dev',
    type: 'tmpfs',
    source: 'tmpfs',
    options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'],
  },
  {
    destination: '/dev/pts',
    type: 'devpts',
    source: 'devpts',
    options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'],
  },
  { destination: '/sys', type: 'sysfs', source: 'sysfs', options: ['nosuid', 'noexec', 'nodev', 'ro'] },
  { destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup', options: ['ro', 'nosuid', 'noexec', 'nodev'] },
  { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: ['nosuid', 'noexec', 'nodev'] },
  { destination: '/dev/shm', type: 'tmpfs', source: 'shm', options: ['nosuid', 'noexec', 'nodev', 'mode=1777'] },
];

/** Mounts that stay writable under a read-only root. */
const ALWAYS_WRITABLE = ['/proc', '/dev/pts', '/dev/shm', '/dev/mqueue', '/dev'];

/** All mounts of a container in the order they are made: the system's, then the user's by depth, then docker-init. */
export function specMounts(input: SpecInput, { init, writableCgroups }: { init: boolean; writableCgroups: boolean }) {
  const { hostConfig } = input;
  const user = byDepth([...userMounts(input), ...tmpfsMounts(input)]);
  const taken = new Set(user.map((mount) => mount.destination));
  const mounts = [...systemMounts(input, taken), ...byDepth([...user, ...engineFiles(input, taken)])];
  if (hostConfig.ReadonlyRootfs) makeReadonly(mounts, taken);
  if (hostConfig.Privileged) clearReadonly(mounts, (mount) => mount.destination === '/sys');
  if (writableCgroups) clearReadonly(mounts, (mount) => mount.type === 'cgroup');
  if (init) {
    const options = ['bind', 'ro'];
    mounts.push({ destination: '/sbin/docker-init', type: 'bind', source: input.defaults.initPath, options });
  }
  return mounts;
}

/** The root's propagation that shared and slave mounts need; undefined when all are private. */
export function rootfsPropagation(mounts: readonly ResolvedMount[]): string | undefined {
  if (mounts.some((mount) => /^r?shared$/.test(mount.propagation ?? ''))) return 'shared';
  return mounts.some((mount) => /^r?slave$/.test(mount.propagation ?? '')) ? 'rslave' : undefined;
}

function systemMounts({ hostConfig, shmPath, defaults }: SpecInput, taken: Set<string>): Required<OciMount>[] {
  const kept = DEFAULT_MOUNTS.filter(
    ({ destination }) =>
      !taken.has(destination) &&
      !(taken.has('/dev') && destination.startsWith('/dev/')) &&
      !(destination === '/dev/shm' && hostConfig.IpcMode === 'none'),
  );
  return kept.map((mount) => {
    if (mount.destination !== '/dev/shm') return { ...mount, options: [...mount.options] };
    const hostShm = hostConfig.IpcMode === 'host' ? '/dev/shm' : shmPath;
    if (hostShm) {
      return bind({ source: hostShm, destination: '/dev/shm', readonly: false, flags: ['nosuid', 'noexec', 'nodev'] });
    }
    return { ...mount, options: [...mount.options, `size=${hostConfig.ShmSize || defaults.shmSize}`] };
  });
}

function userMounts({ mounts }: SpecInput): Required<OciMount>[] {
  return mounts.map(bind);
}

function tmpfsMounts({ hostConfig }: SpecInput): Required<OciMount>[] {
  const asked = Object.entries(hostConfig.Tmpfs ?? {});
  for (const mount of hostConfig.Mounts ?? []) {
    if (mount.Type === 'tmpfs') asked.push([mount.Target ?? '', tmpfsData(mount)]);
  }
  return asked.map(([destination, data]) => ({
    destination: clean(destination),
    type: 'tmpfs',
    source: 'tmpfs',
    options: tmpfsOptions(data),
  }));
}

function engineFiles({ files, hostConfig }: SpecInput, taken: Set<string>): Required<OciMount>[] {
  const readonly = hostConfig.ReadonlyRootfs;
  const all = [
    { destination: '/etc/resolv.conf', source: files.resolvConf },
    { destination: '/etc/hostname', source: files.hostname },
    { destination: '/etc/hosts', source: files.hosts },
  ];
  return all.flatMap(({ destination, source }) =>
    source === undefined || taken.has(destination)
      ? []
      : [bind({ source, destination, readonly, readOnlyNonRecursive: readonly })],
  );
}

function bind(mount: ResolvedMount): Required<OciMount> {
  assertNoConflict(mount);
  const options = [mount.nonRecursive ? 'bind' : 'rbind'];
  if (mount.readonly) options.push(mount.readOnlyNonRecursive ? 'ro' : 'rro');
  const propagation = mount.propagation || 'rprivate';
  // crun takes the r of a propagation for the bind's own: a bind of one mount has nothing below to propagate to.
  options.push(mount.nonRecursive ? propagation.replace(/^r/, '') : propagation);
  // crun forgets the flags of what it binds.
  for (const flag of mount.flags ?? []) if (flag !== 'ro' || !mount.readonly) options.push(flag);
  return { destination: clean(mount.destination), type: 'bind', source: mount.source, options };
}

/** Docker: told by the start. */
function assertNoConflict({ readonly, readOnlyNonRecursive, readOnlyForceRecursive }: ResolvedMount): void {
  const conflict = (what: string) => invalid(`mount options conflict: ${what}`);
  if (!readonly && readOnlyNonRecursive) throw conflict('!ReadOnly && BindOptions.ReadOnlyNonRecursive');
  if (!readonly && readOnlyForceRecursive) throw conflict('!ReadOnly && BindOptions.ReadOnlyForceRecursive');
  if (readOnlyNonRecursive && readOnlyForceRecursive) {
    throw conflict('ReadOnlyNonRecursive && BindOptions.ReadOnlyForceRecursive');
  }
}

/** Without a slash at the end, `.` and `..`. */
const clean = (path: string) => posix.normalize(path).replace(/(.)\/+$/, '$1');

/** Parents before children; equals keep their order. */
function byDepth(mounts: Required<OciMount>[]): Required<OciMount>[] {
  const depth = (mount: OciMount) => mount.destination.split('/').length;
  return mounts.toSorted((a, b) => depth(a) - depth(b));
}

function makeReadonly(mounts: Required<OciMount>[], taken: Set<string>): void {
  for (const { destination, options } of mounts) {
    if (ALWAYS_WRITABLE.includes(destination) || taken.has(destination)) continue;
    if (!options.includes('ro') && !options.includes('rro')) options.push('ro');
  }
}

function clearReadonly(mounts: Required<OciMount>[], which: (mount: OciMount) => boolean): void {
  for (const mount of mounts) if (which(mount)) mount.options = mount.options.filter((option) => option !== 'ro');
}
