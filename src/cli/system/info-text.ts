import type { Info } from '#api';
import { bytesSize } from '../format/size.ts';

type Line = string | false;

/** What `info` prints of the daemon. */
export function serverText(info: Info, debug: boolean): string {
  const lines: Line[] = [
    ...counts(info),
    ...plugins(info),
    ...swarm(info),
    ...runtimes(info),
    ...host(info, debug),
    ...registries(info),
    ...rest(info),
  ];
  return `${lines.filter((line) => line !== false).join('\n')}\n\n`;
}

function unlessEmpty(label: string, value: string | undefined): Line {
  return value ? ` ${label}: ${value}` : false;
}

function counts(info: Info): Line[] {
  return [
    ` Containers: ${info.Containers}`,
    `  Running: ${info.ContainersRunning}`,
    `  Paused: ${info.ContainersPaused}`,
    `  Stopped: ${info.ContainersStopped}`,
    ` Images: ${info.Images}`,
    unlessEmpty('Server Version', info.ServerVersion),
    unlessEmpty('Storage Driver', info.Driver),
    ...(info.DriverStatus ?? []).map(([key, value]) => `  ${key}: ${value}`),
    unlessEmpty('Logging Driver', info.LoggingDriver),
    unlessEmpty('Cgroup Driver', info.CgroupDriver),
    unlessEmpty('Cgroup Version', info.CgroupVersion),
  ];
}

function plugins({ Plugins: all, CDISpecDirs: directories }: Info): Line[] {
  const join = (names: readonly string[] | null | undefined) => (names ?? []).join(' ');
  return [
    ' Plugins:',
    `  Volume: ${join(all?.Volume)}`,
    `  Network: ${join(all?.Network)}`,
    (all?.Authorization ?? []).length > 0 && `  Authorization: ${join(all?.Authorization)}`,
    `  Log: ${join(all?.Log)}`,
    (directories ?? []).length > 0 && ' CDI spec directories:',
    ...(directories ?? []).map((directory) => `  ${directory}`),
  ];
}

function swarm({ Swarm: state }: Info): Line[] {
  if (state?.LocalNodeState === 'inactive' || state?.LocalNodeState === 'locked')
    return [` Swarm: ${state.LocalNodeState}`];
  return [
    ` Swarm: ${state?.LocalNodeState ?? ''}`,
    `  NodeID: ${state?.NodeID ?? ''}`,
    Boolean(state?.Error) && `  Error: ${state.Error}`,
    `  Is Manager: ${state?.ControlAvailable ?? false}`,
    `  Node Address: ${state?.NodeAddr ?? ''}`,
  ];
}

function runtimes(info: Info): Line[] {
  const names = Object.keys(info.Runtimes ?? {});
  const lines: Line[] = [
    names.length > 0 && ` Runtimes: ${names.join(' ')}`,
    names.length > 0 && ` Default Runtime: ${info.DefaultRuntime}`,
  ];
  if (info.OSType !== 'linux') return lines;
  return [
    ...lines,
    ` Init Binary: ${info.InitBinary}`,
    ` containerd version: ${info.ContainerdCommit?.ID ?? ''}`,
    ` runc version: ${info.RuncCommit?.ID ?? ''}`,
    ` init version: ${info.InitCommit?.ID ?? ''}`,
    ...securityOptions(info.SecurityOptions ?? []),
  ];
}

// `name=seccomp,profile=builtin`
function securityOptions(options: readonly string[]): Line[] {
  if (options.length === 0) return [];
  const lines = [' Security Options:'];
  for (const option of options) {
    const parts = option.split(',').map((part) => part.split('=', 2) as [string, string?]);
    lines.push(`  ${parts.find(([key]) => key === 'name')?.[1] ?? option}`);
    for (const [key, value] of parts) if (key === 'profile') lines.push(`   Profile: ${value}`);
  }
  return lines;
}

function host(info: Info, debug: boolean): Line[] {
  const watched = info.Debug || debug;
  return [
    unlessEmpty('Kernel Version', info.KernelVersion),
    unlessEmpty('Operating System', info.OperatingSystem),
    unlessEmpty('OSType', info.OSType),
    unlessEmpty('Architecture', info.Architecture),
    ` CPUs: ${info.NCPU}`,
    ` Total Memory: ${bytesSize(info.MemTotal)}`,
    unlessEmpty('Name', info.Name),
    unlessEmpty('ID', info.ID),
    ` Docker Root Dir: ${info.DockerRootDir}`,
    ` Debug Mode: ${info.Debug}`,
    watched && `  File Descriptors: ${info.NFd}`,
    watched && `  Goroutines: ${info.NGoroutines}`,
    watched && `  System Time: ${info.SystemTime}`,
    watched && `  EventsListeners: ${info.NEventsListener}`,
    unlessEmpty('HTTP Proxy', info.HttpProxy),
    unlessEmpty('HTTPS Proxy', info.HttpsProxy),
    unlessEmpty('No Proxy', info.NoProxy),
    (info.Labels ?? []).length > 0 && ' Labels:',
    ...(info.Labels ?? []).map((label) => `  ${label}`),
    ` Experimental: ${info.ExperimentalBuild}`,
  ];
}

function registries({ RegistryConfig: config }: Info): Line[] {
  const indexes = Object.values(config?.IndexConfigs ?? {});
  const networks = config?.InsecureRegistryCIDRs ?? [];
  const mirrors = config?.Mirrors ?? [];
  return [
    (networks.length > 0 || indexes.length > 0) && ' Insecure Registries:',
    ...indexes.filter((index) => !index.Secure).map((index) => `  ${index.Name}`),
    ...networks.map((network) => `  ${network}`),
    mirrors.length > 0 && ' Registry Mirrors:',
    ...mirrors.map((mirror) => `  ${mirror}`),
  ];
}

function rest(info: Info): Line[] {
  const pools = info.DefaultAddressPools ?? [];
  const firewall = info.FirewallBackend;
  return [
    ` Live Restore Enabled: ${info.LiveRestoreEnabled}`,
    unlessEmpty('Product License', info.ProductLicense),
    pools.length > 0 && ' Default Address Pools:',
    ...pools.map((pool) => `   Base: ${pool.Base}, Size: ${pool.Size}`),
    firewall !== undefined && ` Firewall Backend: ${firewall.Driver}`,
    ...(firewall?.Info ?? []).map(([key, value]) => `  ${key}: ${value}`),
  ];
}
