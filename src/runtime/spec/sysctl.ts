import { invalid } from '#errdefs';

const IPC = new Set(
  'msgmax msgmnb msgmni sem shmall shmmax shmmni shm_rmid_forced'.split(' ').map((name) => `kernel.${name}`),
);

/** What network namespaces of our own get: ports from 0 and ping without capabilities, as Docker does. */
const NETWORK_DEFAULTS: Readonly<Record<string, string>> = {
  'net.ipv4.ip_unprivileged_port_start': '0',
  'net.ipv4.ping_group_range': '0 2147483647',
};

export interface SysctlRequest {
  readonly Sysctls?: Readonly<Record<string, string>>;
  readonly NetworkMode: string;
  readonly IpcMode: string;
  readonly UTSMode: string;
}

/** Refuses sysctls that are not of a namespace the container has for itself, and values that could hide a second one. */
export function validateSysctls(request: SysctlRequest): void {
  for (const [given, value] of Object.entries(request.Sysctls ?? {})) {
    const name = given.replaceAll('/', '.');
    if (!/^[a-z0-9_]+(\.[A-Za-z0-9_*@:-]+)+$/.test(name)) throw notNamespaced(given);
    if (!/^[\x20-\x7e\t]*$/.test(value)) throw invalid(`sysctl "${given}" has a value that is not printable`);
    if (IPC.has(name) || name.startsWith('fs.mqueue.')) {
      if (request.IpcMode === 'host') throw invalid(`sysctl "${given}" is not allowed in the hosts ipc namespace`);
    } else if (name.startsWith('net.')) {
      if (request.NetworkMode === 'host') throw invalid(`sysctl "${given}" not allowed in host network namespace`);
    } else if (name === 'kernel.domainname') {
      if (request.UTSMode === 'host') throw invalid(`sysctl "${given}" is not allowed in the hosts uts namespace`);
    } else {
      throw notNamespaced(given);
    }
  }
}

const notNamespaced = (name: string) => invalid(`sysctl "${name}" is not in a separate kernel namespace`);

/** Of a container's sysctls those of its network namespace, by the files in which the stub sets them. */
export function networkSysctlFiles(request: SysctlRequest): Record<string, string> {
  const all = Object.entries(containerSysctls(request)).filter(([name]) => isOfNetwork(name));
  return Object.fromEntries(all.map(([name, value]) => [`/proc/sys/${name.replaceAll('.', '/')}`, value]));
}

export const isOfNetwork = (name: string) => /^net[./]/.test(name);

/** The sysctls of a container; the network defaults only in a network namespace of its own. */
export function containerSysctls(request: SysctlRequest): Record<string, string> {
  validateSysctls(request);
  const shared = request.NetworkMode === 'host' || request.NetworkMode.startsWith('container:');
  return { ...(shared ? {} : NETWORK_DEFAULTS), ...request.Sysctls };
}
