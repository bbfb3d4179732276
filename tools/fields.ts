import { globSync, readFileSync } from 'node:fs';

/** What becomes of a field of a create request: the modules that act on it or refuse it, or why nothing does. */
type Behaviour = { readonly acts: readonly string[] } | { readonly ignored: string };

const acts = (...modules: string[]): Behaviour => ({ acts: modules });
const ignored = (why: string): Behaviour => ({ ignored: why });

const LIMITS = acts('runtime');
const UPDATED = acts('runtime', 'container');
const CLIENT = ignored('it is for the client; kept and shown');

/** Every field of `container.Config` and `container.HostConfig`. A field without an entry fails the check. */
export const FIELDS: Readonly<Record<string, Behaviour>> = {
  // container.Config
  Hostname: acts('container', 'runtime'),
  Domainname: acts('runtime'),
  User: acts('runtime'),
  AttachStdin: CLIENT,
  AttachStdout: CLIENT,
  AttachStderr: CLIENT,
  ExposedPorts: acts('network'),
  Tty: acts('runtime', 'container'),
  OpenStdin: acts('container'),
  StdinOnce: acts('container'),
  Env: acts('runtime'),
  Cmd: acts('container', 'runtime'),
  Healthcheck: acts('container'),
  ArgsEscaped: ignored('it is for Windows; kept and shown'),
  Image: acts('container'),
  Volumes: acts('container'),
  WorkingDir: acts('runtime'),
  Entrypoint: acts('container', 'runtime'),
  NetworkDisabled: acts('network'),
  MacAddress: acts('container'),
  OnBuild: ignored('it is for builds from the image that the container is committed as; kept and shown'),
  Labels: acts('container'),
  StopSignal: acts('container'),
  StopTimeout: acts('container'),
  Shell: acts('container'),
  // container.HostConfig
  Binds: acts('container'),
  ContainerIDFile: CLIENT,
  LogConfig: acts('container'),
  NetworkMode: acts('container'),
  PortBindings: acts('network'),
  RestartPolicy: acts('container'),
  AutoRemove: acts('container'),
  VolumeDriver: acts('container'),
  VolumesFrom: acts('container'),
  ConsoleSize: acts('runtime'),
  Annotations: acts('runtime'),
  CapAdd: acts('runtime'),
  CapDrop: acts('runtime'),
  CgroupnsMode: acts('runtime'),
  Dns: acts('network'),
  DnsOptions: acts('network'),
  DnsSearch: acts('network'),
  ExtraHosts: acts('network'),
  GroupAdd: acts('runtime'),
  IpcMode: acts('runtime'),
  Cgroup: ignored('nothing in Docker reads it; kept and shown'),
  Links: acts('container'),
  OomScoreAdj: acts('runtime'),
  PidMode: acts('runtime'),
  Privileged: acts('runtime'),
  PublishAllPorts: acts('network'),
  ReadonlyRootfs: acts('runtime'),
  SecurityOpt: acts('runtime'),
  StorageOpt: acts('container'),
  Tmpfs: acts('runtime'),
  UTSMode: acts('runtime'),
  UsernsMode: ignored('without userns-remap there is one user namespace; kept and shown'),
  ShmSize: acts('runtime'),
  Sysctls: acts('runtime'),
  Runtime: acts('container'),
  Isolation: acts('runtime'),
  Mounts: acts('container'),
  MaskedPaths: acts('runtime'),
  ReadonlyPaths: acts('runtime'),
  Init: acts('runtime'),
  // The resources among them; those of UPDATED change with `update` too
  CpuShares: UPDATED,
  Memory: UPDATED,
  NanoCpus: UPDATED,
  CgroupParent: acts('runtime'),
  BlkioWeight: UPDATED,
  BlkioWeightDevice: LIMITS,
  BlkioDeviceReadBps: LIMITS,
  BlkioDeviceWriteBps: LIMITS,
  BlkioDeviceReadIOps: LIMITS,
  BlkioDeviceWriteIOps: LIMITS,
  CpuPeriod: UPDATED,
  CpuQuota: UPDATED,
  CpuRealtimePeriod: UPDATED,
  CpuRealtimeRuntime: UPDATED,
  CpusetCpus: UPDATED,
  CpusetMems: UPDATED,
  Devices: acts('runtime'),
  DeviceCgroupRules: acts('runtime'),
  DeviceRequests: acts('runtime'),
  KernelMemory: acts('runtime'),
  KernelMemoryTCP: ignored('runc passes it over; kept and shown'),
  MemoryReservation: UPDATED,
  MemorySwap: UPDATED,
  MemorySwappiness: LIMITS,
  OomKillDisable: LIMITS,
  PidsLimit: acts('runtime', 'container'),
  Ulimits: acts('runtime'),
  CpuCount: ignored('it is for Windows; kept and shown'),
  CpuPercent: acts('runtime'),
  IOMaximumIOps: acts('runtime'),
  IOMaximumBandwidth: acts('runtime'),
};

/** What is wrong with the table, seen from the fields that the specification has. */
export function faults(specified: readonly string[]): string[] {
  const missing = specified
    .filter((field) => !FIELDS[field])
    .map((field) => `${field}: nothing says what becomes of it`);
  const foreign = Object.keys(FIELDS).filter((field) => !specified.includes(field));
  const unread = Object.entries(FIELDS).flatMap(([field, behaviour]) =>
    'acts' in behaviour
      ? behaviour.acts.filter((module) => !reads(module, field)).map((module) => `${field}: ${module} does not read it`)
      : [],
  );
  return [...missing, ...foreign.map((field) => `${field}: no field of the specification`), ...unread];
}

/** Whether the name stands in the code of a module, comments and tests apart. */
function reads(module: string, field: string): boolean {
  return new RegExp(`\\b${field}\\b`).test(codeOf(module));
}

const code = new Map<string, string>();

function codeOf(module: string): string {
  let text = code.get(module);
  if (text === undefined) {
    const files = globSync(`src/${module}/**/*.ts`).filter((file) => !/(\.test|\/testing)\.ts$/.test(file));
    text = files.map((file) => readFileSync(file, 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')).join('\n');
    code.set(module, text);
  }
  return text;
}
