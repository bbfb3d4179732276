import { existsSync, readFileSync, statSync } from 'node:fs';

/** One cgroup v1 hierarchy that is mounted here. */
export interface CgroupHierarchy {
  /** As in /proc/self/cgroup: `cpu`, `cpu,cpuacct`, `name=systemd`. */
  readonly name: string;
  readonly controllers: readonly string[];
  readonly mountpoint: string;
}

/** How this host's cgroups are mounted. */
export interface CgroupLayout {
  readonly version: 1 | 2;
  /** v1: all hierarchies; v2: none. */
  readonly hierarchies: readonly CgroupHierarchy[];
  /** Controllers that limits can be set with: of all v1 hierarchies, or of v2's root. */
  readonly controllers: readonly string[];
  /** Where v2 is mounted: the root on v2, /sys/fs/cgroup/unified on a hybrid host, '' on pure v1. */
  readonly unified: string;
  /** Whether systemd runs this host (sd_booted(3)). */
  readonly systemd: boolean;
}

interface Sources {
  readonly mountinfo: string;
  readonly selfCgroup: string;
  /** Text of the v2 root's cgroup.controllers. */
  readonly unifiedControllers: (mountpoint: string) => string;
  readonly systemd: boolean;
}

/** Looks at the mounts, not at version numbers. Throws when no cgroup file system is mounted. */
export function detectCgroups(): CgroupLayout {
  return parseCgroups({
    mountinfo: readFileSync('/proc/self/mountinfo', 'utf8'),
    selfCgroup: readFileSync('/proc/self/cgroup', 'utf8'),
    unifiedControllers: (mountpoint) => readFileSync(`${mountpoint}/cgroup.controllers`, 'utf8'),
    systemd: existsSync('/run/systemd/system') && statSync('/run/systemd/system').isDirectory(),
  });
}

/** The pure half of {@link detectCgroups}. */
export function parseCgroups({ mountinfo, selfCgroup, unifiedControllers, systemd }: Sources): CgroupLayout {
  const mounts = mountinfo.split('\n').map(parseMount);
  const unified = mounts.find((mount) => mount?.type === 'cgroup2')?.mountpoint ?? '';
  const hierarchies = selfCgroup
    .split('\n')
    .map((line) => line.split(':')[1] ?? '')
    .filter((name) => name !== '')
    .flatMap((name) => {
      const controllers = name.startsWith('name=') ? [name] : name.split(',');
      const found = mounts.filter(
        (mount) => mount?.type === 'cgroup' && controllers.every((controller) => mount.options.includes(controller)),
      );
      const mount = found.find((candidate) => candidate?.mountpoint.startsWith('/sys/fs/cgroup/')) ?? found[0];
      return mount ? [{ name, controllers, mountpoint: mount.mountpoint }] : [];
    });
  // Hybrid: v2 beside v1 serves systemd only. A named hierarchy alone (systemd's on v2 hosts) is not v1.
  const version = hierarchies.some(({ name }) => !name.startsWith('name=')) ? 1 : 2;
  if (version === 2 && unified === '') throw new Error('no cgroup file system is mounted under /sys/fs/cgroup');
  if (version === 2) {
    const controllers = unifiedControllers(unified).trim().split(' ');
    return { version, hierarchies: [], controllers, unified, systemd };
  }
  const controllers = hierarchies.flatMap((hierarchy) => hierarchy.controllers);
  return { version, hierarchies, controllers, unified, systemd };
}

/** Fields of proc_pid_mountinfo(5), octal escapes of the mount point undone. */
function parseMount(line: string): { mountpoint: string; type: string; options: string[] } | undefined {
  const [front = '', back] = line.split(' - ');
  if (back === undefined) return undefined;
  const mountpoint = (front.split(' ')[4] ?? '').replace(/\\([0-7]{3})/g, (_, octal) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
  const [type = '', , options = ''] = back.split(' ');
  return { mountpoint, type, options: options.split(',') };
}
