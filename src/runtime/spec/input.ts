import type { ContainerConfig, HostConfig } from '#api';
import type { OciSeccomp } from '#oci';
import type { CgroupLayout } from '#sys';
import type { CdiRegistry } from '../cdi/registry.ts';

/** A bind or volume mount of the user, resolved: the source is a path on the host that exists. */
export interface ResolvedMount {
  readonly source: string;
  readonly destination: string;
  readonly readonly: boolean;
  /** '' is the default, `rprivate`. */
  readonly propagation?: string;
  readonly nonRecursive?: boolean;
  /** Only the mount itself becomes read-only, not the mounts below it. */
  readonly readOnlyNonRecursive?: boolean;
  readonly readOnlyForceRecursive?: boolean;
  /** Restrictions of the source's own mount (`ro`, `nosuid`, `nodev`, `noexec`), which a bind must not lift. */
  readonly flags?: readonly string[];
}

/** A device node of the host; `path` is where it lies there. */
export interface DeviceNode {
  readonly path: string;
  readonly type: 'c' | 'b';
  readonly major: number;
  readonly minor: number;
  /** Permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** The engine's settings that a spec depends on (daemon.json). */
export interface SpecDefaults {
  readonly init: boolean;
  /** The static init that `--init` binds at /sbin/docker-init. */
  readonly initPath: string;
  readonly shmSize: number;
  /** '' or what a container gets that asks for nothing (`default-ipc-mode`, `default-cgroupns-mode`). */
  readonly ipcMode: string;
  readonly cgroupnsMode: string;
  /** 0 or −1: no limit. */
  readonly pidsLimit: number;
  readonly ulimits: readonly { readonly Name: string; readonly Soft: number; readonly Hard: number }[];
  readonly noNewPrivileges: boolean;
  /** '' or `builtin`: the engine's own profile; `unconfined`; else a profile's JSON. */
  readonly seccompProfile: string;
  /** The AppArmor profile of containers that ask for none. */
  readonly apparmorProfile: string;
  readonly cgroupParent: string;
  /** '' or `cgroupfs` or `systemd` (`exec-opts native.cgroupdriver`). */
  readonly cgroupDriver: string;
}

/** What this host is, read once at start. */
export interface SpecHost {
  readonly cgroup: CgroupLayout;
  /** Capabilities this process may hand on, with the `CAP_` prefix, by number. */
  readonly capabilities: readonly string[];
  /** Go's name: `amd64`, `arm64`. */
  readonly architecture: string;
  readonly kernel: { readonly version: number; readonly major: number };
  readonly seccomp: boolean;
  readonly apparmor: boolean;
  /** Paths of `thermal_throttle` folders, masked by default. */
  readonly thermalPaths: readonly string[];
}

/** Everything a spec is computed from. */
export interface SpecInput {
  readonly id: string;
  /** '' or `-<mark>`: names of this engine in the kernel. */
  readonly suffix: string;
  /** Merged with the image's. */
  readonly config: ContainerConfig;
  readonly hostConfig: HostConfig;
  /** Text of the image's /etc/passwd and /etc/group; undefined when there is none. */
  readonly accounts: { readonly passwd?: string; readonly group?: string };
  /** The root file system as the runtime sees it. */
  readonly rootfs: string;
  readonly mounts: readonly ResolvedMount[];
  /** Files of the engine that are bound into the container, unless a user's mount is at their place. */
  readonly files: { readonly hostname?: string; readonly hosts?: string; readonly resolvConf?: string };
  readonly namespaces: NamespaceSources;
  /** A mounted tmpfs on the host for /dev/shm, shared by containers (`shareable`, `container:`); absent: a private one. */
  readonly shmPath?: string;
  /** Extra environment of legacy links, before the user's. */
  readonly linkEnv?: readonly string[];
  /** Lists the device at a path of the host, or those in a directory, following links; throws Node's error. */
  readonly devices: (path: string) => readonly DeviceNode[];
  /** The devices of CDI there are now; undefined when it is switched off. */
  readonly cdi: () => CdiRegistry | undefined;
  /** The profile as raw BPF in base64; undefined when it cannot be compiled here, then the runtime does it. */
  readonly compileSeccomp: (profile: OciSeccomp) => string | undefined;
  /** Whether the runtime runs with the cgroup manager disabled where it can (crun on v1). */
  readonly runtime: { readonly name: string; readonly disablesCgroups: boolean };
  readonly defaults: SpecDefaults;
  readonly host: SpecHost;
}

/**
 * Where namespaces come from that may be shared. `inherited`: the process that becomes the runtime is in the right one
 * (the stub made or joined it). A pid names the container that is joined.
 */
export interface NamespaceSources {
  readonly network: 'inherited' | 'new' | 'host' | { readonly pid: number };
  readonly pid?: number;
  readonly ipc?: number;
  /** Path of the user namespace that is joined; absent: the host's. */
  readonly users?: string;
}
