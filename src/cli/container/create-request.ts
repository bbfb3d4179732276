import type { CreateBody } from '#client';
import type { FlagValues } from '../flags/flag-values.ts';
import { cut } from '../flags/read-flag.ts';
import { isMac } from '../options/address.ts';
import { isCdiName, readDevice } from '../options/device.ts';
import { readKeyValueFile } from '../options/files.ts';
import type { GpuRequest } from '../options/gpus.ts';
import type { NetworkRequest } from '../options/networks.ts';
import { endpoints } from '../options/networks.ts';
import { checkedPlatform } from '../options/platform.ts';
import { readPorts } from '../options/ports.ts';
import { checkedImage } from '../options/reference.ts';
import { readVolume } from '../options/volume.ts';
import { healthcheck } from './healthcheck.ts';
import { logging, restartPolicy, securityOptions, storageOptions } from './host-options.ts';
import { resources } from './resources.ts';

/** What `run` and `create` send for their flags and operands (image, command); throws with Docker's texts. */
export function createRequest(flags: FlagValues, operands: readonly string[]): CreateBody {
  checkPull(flags.text('pull'));
  const [given = '', ...command] = operands;
  const image = checkedImage(given);
  checkedPlatform(flags.text('platform'));
  const mac = flags.text('mac-address').trim();
  if (mac !== '' && !isMac(mac)) throw new Error(`${flags.text('mac-address')} is not a valid mac address`);
  checkSwappiness(flags.number('memory-swappiness'));
  const { volumes, binds } = readVolumes(flags.list('volume'));
  const ports = readPorts(flags.list('publish'), flags.list('expose'));
  const devices = readDevices(flags);
  const env = keyValues(flags, 'env', (name) => process.env[name]);
  const labels = keyValues(flags, 'label');
  checkModes(flags);
  const hostConfig = { ...hostOptions(flags, binds), PortBindings: ports.bindings, ...devices };
  if (flags.bool('rm') && !['', 'no'].includes(hostConfig.RestartPolicy.Name)) {
    throw new Error('conflicting options: cannot specify both --restart and --rm');
  }
  const endpointsConfig = networks(flags);
  const attached = attachedStreams(flags);
  return {
    Hostname: flags.text('hostname'),
    Domainname: flags.text('domainname'),
    User: flags.text('user'),
    ...attached,
    ...(Object.keys(ports.exposed).length > 0 && { ExposedPorts: ports.exposed }),
    Tty: flags.bool('tty'),
    OpenStdin: flags.bool('interactive'),
    StdinOnce: flags.bool('interactive') && attached.AttachStdin,
    Env: orNull(env),
    Cmd: orNull(command),
    Healthcheck: healthcheck(flags),
    Image: image,
    Volumes: volumes,
    WorkingDir: flags.text('workdir'),
    Entrypoint: flags.changed('entrypoint') ? [flags.text('entrypoint')] : null,
    Labels: Object.fromEntries(labels.map((label) => cut(label, '='))),
    ...(flags.text('stop-signal') && { StopSignal: flags.text('stop-signal') }),
    ...(flags.changed('stop-timeout') && { StopTimeout: flags.number('stop-timeout') }),
    HostConfig: hostConfig,
    NetworkingConfig: { EndpointsConfig: endpointsConfig },
  };
}

// With the prefix that the kernel's names have, each once.
function capabilities(names: readonly string[]): string[] {
  const full = names
    .map((name) => name.trim().toUpperCase())
    .map((name) => (/^(ALL|RESET|CAP_.*)$/.test(name) ? name : `CAP_${name}`));
  return [...new Set(full)].sort();
}

// Go's nil slice.
function orNull<T>(list: T[]): T[] | null {
  return list.length > 0 ? list : null;
}

function attachedStreams(flags: FlagValues): { AttachStdin: boolean; AttachStdout: boolean; AttachStderr: boolean } {
  const streams = flags.list('attach');
  const both = streams.length === 0;
  return {
    AttachStdin: streams.includes('stdin') || flags.bool('interactive'),
    AttachStdout: both || streams.includes('stdout'),
    AttachStderr: both || streams.includes('stderr'),
  };
}

function hostOptions(flags: FlagValues, binds: string[]) {
  const policy = restartPolicy(flags.text('restart'));
  const log = logging(flags);
  const security = securityOptions(flags.list('security-opt'));
  const tmpfs = flags.list('tmpfs').map((text) => cut(text, ':'));
  const requests = flags.get('network') as NetworkRequest[];
  return {
    ...security,
    Binds: orNull(binds),
    ContainerIDFile: flags.text('cidfile'),
    OomScoreAdj: flags.number('oom-score-adj'),
    AutoRemove: flags.bool('rm'),
    Privileged: flags.bool('privileged'),
    Links: orNull(flags.list('link')),
    PublishAllPorts: flags.bool('publish-all'),
    Dns: flags.list('dns'),
    DnsSearch: flags.list('dns-search'),
    DnsOptions: flags.list('dns-option'),
    ExtraHosts: orNull(flags.list('add-host')),
    VolumesFrom: orNull(flags.list('volumes-from')),
    IpcMode: flags.text('ipc'),
    NetworkMode: requests[0]?.target ?? 'default',
    PidMode: flags.text('pid'),
    UTSMode: flags.text('uts'),
    UsernsMode: flags.text('userns'),
    CgroupnsMode: flags.text('cgroupns'),
    CapAdd: orNull(capabilities(flags.list('cap-add'))),
    CapDrop: orNull(capabilities(flags.list('cap-drop'))),
    GroupAdd: orNull(flags.list('group-add')),
    RestartPolicy: policy,
    StorageOpt: storageOptions(flags.list('storage-opt')),
    ReadonlyRootfs: flags.bool('read-only'),
    LogConfig: log,
    VolumeDriver: flags.text('volume-driver'),
    Isolation: flags.text('isolation'),
    ShmSize: flags.number('shm-size'),
    ...resources(flags),
    ...(tmpfs.length > 0 && { Tmpfs: Object.fromEntries(tmpfs) }),
    ...(Object.keys(flags.map('sysctl')).length > 0 && { Sysctls: flags.map('sysctl') }),
    ...(flags.text('runtime') && { Runtime: flags.text('runtime') }),
    ...(flags.list('mount').length > 0 && { Mounts: flags.list('mount') }),
    ...(Object.keys(flags.map('annotation')).length > 0 && { Annotations: flags.map('annotation') }),
    ...(flags.changed('init') && { Init: flags.bool('init') }),
  };
}

function networks(flags: FlagValues): Record<string, unknown> {
  return endpoints(flags.get('network') as NetworkRequest[], {
    aliases: flags.list('network-alias'),
    links: flags.list('link'),
    ipv4: flags.text('ip'),
    ipv6: flags.text('ip6'),
    mac: flags.text('mac-address').trim(),
    linkLocal: flags.list('link-local-ip'),
  });
}

function readVolumes(specs: readonly string[]): { volumes: Record<string, Record<string, never>>; binds: string[] } {
  const volumes: Record<string, Record<string, never>> = {};
  const binds = new Set<string>();
  for (const spec of specs) {
    const volume = readVolume(spec);
    if ('bind' in volume) binds.add(volume.bind);
    else volumes[volume.anonymous] = {};
  }
  return { volumes, binds: [...binds] };
}

function readDevices(flags: FlagValues): Record<string, unknown> {
  const devices = flags.list('device');
  const requests = [...(flags.get('gpus') as GpuRequest[])] as unknown[];
  const cdi = devices.filter(isCdiName);
  if (cdi.length > 0) {
    requests.push({ Driver: 'cdi', Count: 0, DeviceIDs: cdi, Capabilities: null, Options: null });
  }
  const mapped = devices.filter((device) => !isCdiName(device)).map(readDevice);
  return { Devices: mapped, DeviceRequests: orNull(requests) };
}

function keyValues(flags: FlagValues, what: 'env' | 'label', lookUp?: (name: string) => string | undefined): string[] {
  const files = flags.list(`${what}-file`).flatMap((path) => readKeyValueFile(path, lookUp));
  return [...files, ...flags.list(what)];
}

function checkSwappiness(value: number): void {
  if (value === -1 || (value >= 0 && value <= 100)) return;
  throw new Error(`invalid value: ${value}. Valid memory swappiness range is 0-100`);
}

function checkModes(flags: FlagValues): void {
  const check = (flag: string, kind: string, valid: RegExp) => {
    if (!valid.test(flags.text(flag))) throw new Error(`--${flag}: invalid ${kind} mode`);
  };
  check('pid', 'PID', /^(|host|container:.+)$/);
  check('uts', 'UTS', /^(|host)$/);
  check('userns', 'USER', /^(|host)$/);
  check('cgroupns', 'CGROUP', /^(|host|private)$/);
}

function checkPull(when: string): void {
  if (['always', 'missing', 'never', ''].includes(when)) return;
  throw new Error(`invalid pull option: '${when}': must be one of "always", "missing" or "never"`);
}
