/** The OCI runtime specification's config.json, as far as we write it (opencontainers/runtime-spec 1.0–1.2, Linux). */
export interface OciSpec {
  ociVersion: string;
  process: OciProcess;
  root: { path: string; readonly?: boolean };
  hostname?: string;
  domainname?: string;
  mounts: OciMount[];
  annotations?: Record<string, string>;
  hooks?: OciHooks;
  linux: OciLinux;
}

/** Programs of the host that the runtime executes at points of a container's life. */
export type OciHooks = Partial<
  Record<'prestart' | 'createRuntime' | 'createContainer' | 'startContainer' | 'poststart', OciHook[]>
>;

/** `timeout` in seconds. */
export interface OciHook {
  path: string;
  args?: string[];
  env?: string[];
  timeout?: number;
}

/** `process` of config.json; also the whole of the file that `exec --process` takes. */
export interface OciProcess {
  terminal?: boolean;
  /** In characters; only with a terminal. */
  consoleSize?: { height: number; width: number };
  user: OciUser;
  args: string[];
  env: string[];
  cwd: string;
  capabilities?: OciCapabilities;
  rlimits?: OciRlimit[];
  noNewPrivileges?: boolean;
  apparmorProfile?: string;
  oomScoreAdj?: number;
}

export interface OciUser {
  uid: number;
  gid: number;
  additionalGids?: number[];
}

/** Names with the `CAP_` prefix. Inheritable and ambient sets are always empty here (CVE-2022-24769). */
export interface OciCapabilities {
  bounding: string[];
  effective: string[];
  permitted: string[];
}

/** `type` as `RLIMIT_NOFILE`; "unlimited" is the largest unsigned 64-bit number, as raw JSON (`JSON.rawJSON`). */
export interface OciRlimit {
  type: string;
  soft: number | object;
  hard: number | object;
}

export interface OciMount {
  destination: string;
  type?: string;
  source?: string;
  options?: string[];
}

export interface OciLinux {
  namespaces: OciNamespace[];
  cgroupsPath?: string;
  resources?: OciResources;
  sysctl?: Record<string, string>;
  devices?: OciDevice[];
  seccomp?: OciSeccomp;
  rootfsPropagation?: string;
  maskedPaths?: string[];
  readonlyPaths?: string[];
  mountLabel?: string;
}

/** Without `path` a new namespace; a namespace that is not listed is the runtime's own. */
export interface OciNamespace {
  type: 'mount' | 'network' | 'uts' | 'pid' | 'ipc' | 'cgroup' | 'user' | 'time';
  path?: string;
}

export interface OciDevice {
  path: string;
  type: 'c' | 'b' | 'p' | 'u';
  major: number;
  minor: number;
  /** Permission bits. */
  fileMode?: number;
  uid?: number;
  gid?: number;
}

/** A rule of the device cgroup; absent type, major or minor mean all. */
export interface OciDeviceRule {
  allow: boolean;
  type?: string;
  major?: number;
  minor?: number;
  access: string;
}

export interface OciResources {
  devices?: OciDeviceRule[];
  memory?: OciMemory;
  cpu?: OciCpu;
  pids?: { limit: number };
  blockIO?: OciBlockIo;
  hugepageLimits?: { pageSize: string; limit: number }[];
}

/** Bytes; `swap` is memory plus swap, −1 without limit. */
export interface OciMemory {
  limit?: number;
  reservation?: number;
  swap?: number;
  swappiness?: number;
  disableOOMKiller?: boolean;
}

/** Period, quota, runtime in microseconds. */
export interface OciCpu {
  shares?: number;
  quota?: number;
  period?: number;
  realtimeRuntime?: number;
  realtimePeriod?: number;
  cpus?: string;
  mems?: string;
}

export interface OciBlockIo {
  weight?: number;
  weightDevice?: { major: number; minor: number; weight: number }[];
  throttleReadBpsDevice?: OciThrottle[];
  throttleWriteBpsDevice?: OciThrottle[];
  throttleReadIOPSDevice?: OciThrottle[];
  throttleWriteIOPSDevice?: OciThrottle[];
}

export interface OciThrottle {
  major: number;
  minor: number;
  rate: number;
}

export interface OciSeccomp {
  defaultAction: string;
  defaultErrnoRet?: number;
  architectures?: string[];
  flags?: string[];
  listenerPath?: string;
  listenerMetadata?: string;
  syscalls?: OciSyscallRule[];
}

export interface OciSyscallRule {
  names: string[];
  action: string;
  errnoRet?: number;
  args?: OciSyscallArgument[];
}

/** One comparison of a system call's argument; `value` up to 64 bits. */
export interface OciSyscallArgument {
  index: number;
  value: number;
  valueTwo?: number;
  op: string;
}
