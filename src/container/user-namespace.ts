import type { HostConfig } from '#api';
import { invalid } from '#errdefs';
import type { UserNamespace } from '#runtime';
import type { Context } from './context.ts';
import type { ContainerSettings } from './deps.ts';
import type { Container } from './record.ts';
import { hasProcess } from './record.ts';

const CONTAINER = 'container:';

/** Whether a container's root is another user on the host (`userns-remap`). */
export function isRemapped({ idMaps }: Pick<ContainerSettings, 'idMaps'>, host: HostConfig): boolean {
  if (!idMaps || host.UsernsMode === 'host') return false;
  return !host.Privileged && host.NetworkMode !== 'host' && host.PidMode !== 'host';
}

/** Refuses what needs the host's users, in Docker's words. */
export function assertUsers({ idMaps }: Pick<ContainerSettings, 'idMaps'>, host: HostConfig): void {
  if (!idMaps || host.UsernsMode === 'host') return;
  if (host.Privileged) {
    throw invalid(
      'privileged mode is incompatible with user namespaces.  You must run the container in the host namespace when running privileged mode',
    );
  }
  if (host.NetworkMode === 'host') {
    throw invalid("cannot share the host's network namespace when user namespaces are enabled");
  }
  if (host.PidMode === 'host') {
    throw invalid('cannot share the host PID namespace when user namespaces are enabled');
  }
}

/** The user namespace of a container's next life: that of the container whose other namespaces it joins, or a new one. */
export function userNamespace({ rows, settings }: Context, { spec }: Container): UserNamespace | undefined {
  const { hostConfig } = spec;
  if (!isRemapped(settings, hostConfig)) return undefined;
  const { NetworkMode, PidMode, IpcMode } = hostConfig;
  const joined = [NetworkMode, PidMode, IpcMode].find((mode) => mode.startsWith(CONTAINER));
  if (joined === undefined) return settings.idMaps;
  const peer = rows.get(rows.resolve(joined.slice(CONTAINER.length)));
  if (!peer || !hasProcess(peer) || !('process' in peer.phase)) return settings.idMaps;
  if (!isRemapped(settings, peer.spec.hostConfig)) return undefined;
  return { pid: peer.phase.process.pid, root: mappedRoot(settings)! };
}

/** Who on the host is root in containers that are remapped. */
export function mappedRoot({ idMaps }: Pick<ContainerSettings, 'idMaps'>): { uid: number; gid: number } | undefined {
  if (!idMaps) return undefined;
  const [uid, gid] = [idMaps.uids, idMaps.gids].map((map) => map.find(({ containerId }) => containerId === 0)?.hostId);
  return { uid: uid ?? 0, gid: gid ?? 0 };
}
