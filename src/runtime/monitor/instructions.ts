import type { IdMapping, IdMaps, Mount } from '#oci';
import type { CgroupPlan } from '../cgroup/plan.ts';
import type { SandboxLinks } from '../prepare.ts';
import type { Field } from './protocol.ts';

const CLONE_NEWNS = 0x20000;
const CLONE_NEWNET = 0x40000000;
const MS_NOSUID_NODEV_NOEXEC = 0xe;
const MS_REC = 0x4000;
const MS_SLAVE = 0x80000;
const FLAGS: Readonly<Record<string, number>> = {
  ro: 0x1,
  nosuid: 0x2,
  nodev: 0x4,
  noexec: 0x8,
  noatime: 0x400,
  nodiratime: 0x800,
  bind: 0x1000,
  rbind: 0x5000,
  relatime: 0x200000,
};

/**
 * What appears at `target` for the runtime: a folder of the host or a mount of its own (names relative to `cwd`), or of
 * either only what stands at `subpath`, which is hostile and never leads out of it.
 */
export interface PlacedMount {
  readonly target: string;
  readonly source: string | { readonly cwd: string; readonly mount: Mount };
  readonly subpath: string;
  /** Whether its owners are shifted into the container's user namespace, if it has one. */
  readonly isShifted?: boolean;
}

/** The ids of a user namespace, or the process whose one is joined. */
export type UserNamespace =
  | IdMaps
  | { readonly pid: number; readonly root: { readonly uid: number; readonly gid: number } };

/** What the stub makes before it waits to become the runtime. */
export interface Surroundings {
  readonly cgroup: Pick<CgroupPlan, 'setup' | 'join'>;
  /** Mounts with sources and options relative to `cwd`. */
  readonly rootfs: { readonly cwd: string; readonly mounts: readonly Mount[] };
  /** Where the rootfs appears, in the stub's mount namespace only. */
  readonly target: string;
  readonly netns: 'new' | 'host' | { readonly pid: number };
  readonly links?: SandboxLinks | undefined;
  /** Sources of binds whose mounts shall reach the host (`shared`, `rshared`). */
  readonly sharedSources?: readonly string[];
  /** Written in the new network namespace: file to value. */
  readonly sysctls?: Readonly<Record<string, string>>;
  /** Mounts that exist in the stub's mount namespace only, for the runtime to bind. */
  readonly placed?: readonly PlacedMount[];
  /** The user namespace that the runtime joins at `users`; the rootfs is seen through `trees`, where its owners are shifted. */
  readonly userns?: { readonly of: UserNamespace; readonly users: string; readonly trees: string } | undefined;
  /** Shared memory that other containers may bind, mounted for the host to see. Bytes. */
  readonly shm?: { readonly path: string; readonly size: number };
}

/** Renders the stub's instructions (native/monitor/PROTOCOL.md). Pure. */
export function renderInstructions({
  cgroup,
  rootfs,
  target,
  netns,
  links,
  sharedSources = [],
  placed = [],
  sysctls = {},
  userns,
  shm,
}: Surroundings): Field[][] {
  return [
    ...(links ? [['netlink-open']] : []),
    ...(typeof netns === 'object' ? [['setns', `/proc/${netns.pid}/ns/net`]] : []),
    ...(shm ? renderShm(shm) : []),
    ...sharedSources.map((source) => ['take', source]),
    ['unshare', hex(CLONE_NEWNS | (netns === 'new' && !hasOwnUsers(userns) ? CLONE_NEWNET : 0))],
    ...(userns ? renderUsers(userns.of, netns === 'new') : []),
    ...(netns === 'new' ? (links ? renderLinks(links) : [['loopback']]) : []),
    ...Object.entries(sysctls).map(([file, value]) => ['write', file, value]),
    ...cgroup.setup.map((step) =>
      step.op === 'mkdir' ? ['mkdir', step.path, '755'] : [step.optional ? 'try-write' : 'write', step.path, step.data],
    ),
    ...cgroup.join.map((file) => ['join', file]),
    // Slave, not private: what the host unmounts is unmounted here too, and nothing of ours reaches the host.
    ['propagation', '/', hex(MS_REC | MS_SLAVE)],
    ...sharedSources.map((source) => ['graft', source]),
    ...(userns
      ? [
          ['userns-place', userns.users],
          ['take-shifted', rootfs.cwd, userns.trees],
        ]
      : []),
    ...placed.flatMap((mount) => renderPlaced(mount, userns?.trees)),
    ['chdir', userns?.trees ?? rootfs.cwd],
    ...asRoot(
      userns?.of,
      rootfs.mounts.map((mount) => renderMount(mount, target)),
    ),
    ['chdir', '/'],
  ];
}

/** The host's socket is the first one, that of the new namespace the second. */
function renderLinks({ netnsFd, outside, inside, interface: name, indexAt, settings }: SandboxLinks): Field[][] {
  return [
    ['netns-fd', netnsFd],
    ['netlink', 0, '', 0, outside],
    ...settings.map(([path, value]) => ['try-write', `/proc/sys/net/${path}`, value]),
    ['netlink-open'],
    ['netlink', 1, name, indexAt, inside],
  ];
}

function renderShm({ path, size }: NonNullable<Surroundings['shm']>): Field[][] {
  return [
    ['mkdir', path, '755'],
    ['mount', 'shm', path, 'tmpfs', hex(MS_NOSUID_NODEV_NOEXEC), `mode=1777,size=${size}`],
  ];
}

const hasOwnUsers = (userns: Surroundings['userns']): boolean => userns !== undefined && 'uids' in userns.of;

function renderUsers(of: UserNamespace, isNetNew: boolean): Field[][] {
  if ('pid' in of) return [['userns-of', String(of.pid)]];
  return [['userns', mapText(of.uids), mapText(of.gids), isNetNew ? '1' : '0']];
}

const mapText = (map: readonly IdMapping[]) =>
  map.map(({ containerId, hostId, size }) => `${containerId} ${hostId} ${size}\n`).join('');

/** Mounts made as the namespace's root, which an overlay remembers. */
function asRoot(of: UserNamespace | undefined, mounts: Field[][]): Field[][] {
  if (!of) return mounts;
  const { uid, gid } = rootOf(of);
  return [['act-as', String(uid), String(gid)], ...mounts, ['act-as', '0', '0']];
}

/** Who on the host is root in a user namespace. */
export function rootOf(of: UserNamespace): { readonly uid: number; readonly gid: number } {
  if ('root' in of) return of.root;
  const first = (map: readonly IdMapping[]) => map.find(({ containerId }) => containerId === 0)?.hostId ?? 0;
  return { uid: first(of.uids), gid: first(of.gids) };
}

/** `trees`: where what is mounted from layers comes from instead, in a user namespace. */
function renderPlaced({ target, source, subpath, isShifted }: PlacedMount, trees: string | undefined): Field[][] {
  if (typeof source === 'string') {
    return [
      ['take-beneath', source, subpath],
      ...(trees !== undefined && isShifted ? [['shift']] : []),
      ['place', target],
    ];
  }
  const whole = subpath === '' ? target : `${target}-whole`;
  return [
    ['mkdir', whole, '755'],
    ['chdir', trees ?? source.cwd],
    renderMount(source.mount, whole),
    ...(subpath === ''
      ? []
      : [
          ['take-beneath', whole, subpath],
          ['place', target],
        ]),
  ];
}

function renderMount({ type, source, target, options }: Mount, rootfs: string): Field[] {
  const flags = options.reduce((sum, option) => sum | (FLAGS[option] ?? 0), 0);
  const data = options.filter((option) => !(option in FLAGS) && option !== 'rw').join(',');
  return ['mount', source, target || rootfs, type, hex(flags), data];
}

const hex = (flags: number) => flags.toString(16);
