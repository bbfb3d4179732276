import { invalid } from '#errdefs';
import type { OciNamespace } from '#oci';
import type { NamespaceSources } from './input.ts';

export interface NamespaceRequest {
  readonly PidMode: string;
  readonly IpcMode: string;
  readonly UTSMode: string;
  readonly CgroupnsMode: string;
  readonly Privileged: boolean;
}

/** Refuses namespace modes that Docker refuses, with its texts. */
export function validateNamespaceModes({ PidMode, IpcMode, UTSMode, CgroupnsMode }: NamespaceRequest): void {
  // Docker: that the container is not named is told by the start.
  if (!['', 'none', 'host', 'private', 'shareable'].includes(IpcMode) && !IpcMode.startsWith('container:')) {
    throw invalid(`invalid IPC mode: ${IpcMode}`);
  }
  if (!['', 'host'].includes(PidMode) && !/^container:./.test(PidMode)) throw invalid(`invalid PID mode: ${PidMode}`);
  if (!['', 'host'].includes(UTSMode)) throw invalid(`invalid UTS mode: ${UTSMode}`);
  if (!['', 'private', 'host'].includes(CgroupnsMode)) throw invalid(`invalid cgroup namespace mode: ${CgroupnsMode}`);
}

/** Whether the container gets a cgroup namespace: by default on v2 only, as Docker. */
export function hasCgroupNamespace(mode: string, cgroupVersion: number): boolean {
  return mode === '' ? cgroupVersion === 2 : mode === 'private';
}

/** The namespaces that the runtime makes or joins. What is not in the list is the runtime's own. */
export function specNamespaces(
  request: NamespaceRequest,
  sources: NamespaceSources,
  cgroupVersion: number,
): OciNamespace[] {
  validateNamespaceModes(request);
  const namespaces: OciNamespace[] = [{ type: 'mount' }, ...network(sources.network)];
  if (sources.users !== undefined) namespaces.push({ type: 'user', path: sources.users });
  if (request.UTSMode !== 'host') namespaces.push({ type: 'uts' });
  if (request.PidMode !== 'host') namespaces.push(newOrJoined('pid', request.PidMode, sources.pid));
  if (request.IpcMode !== 'host') namespaces.push(newOrJoined('ipc', request.IpcMode, sources.ipc));
  if (hasCgroupNamespace(request.CgroupnsMode, cgroupVersion)) namespaces.push({ type: 'cgroup' });
  return namespaces;
}

function network(source: NamespaceSources['network']): OciNamespace[] {
  if (source === 'host') return [];
  if (source === 'new') return [{ type: 'network' }];
  // Listed although it is there already: crun writes net.* sysctls only for a listed namespace.
  return [{ type: 'network', path: `/proc/${source === 'inherited' ? 'self' : source.pid}/ns/net` }];
}

function newOrJoined(type: 'pid' | 'ipc', mode: string, pid: number | undefined): OciNamespace {
  if (!mode.startsWith('container:')) return { type };
  if (pid === undefined) throw new Error(`no process for ${type} namespace of ${mode}`);
  return { type, path: `/proc/${pid}/ns/${type}` };
}
