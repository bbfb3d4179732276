import { conflict, internal, invalid } from '#errdefs';
import type { Context } from './context.ts';
import type { Container } from './record.ts';
import { hasProcess } from './record.ts';

const CONTAINER = 'container:';
const SHM = '/dev/shm';

/** The network namespace that a stub is to be in. */
export function networkNamespace(context: Context, { id, spec }: Container): 'new' | 'host' | { pid: number } {
  const mode = spec.hostConfig.NetworkMode;
  if (mode === 'host') return 'host';
  if (!mode.startsWith(CONTAINER)) return 'new';
  const target = peer(context, mode, 'joining network namespace of container');
  if (target.id === id) throw internal('cannot join own network namespace');
  if (!('process' in target.phase)) {
    const state = `container ${target.name} is ${target.status}`;
    throw conflict(`cannot join network namespace of a non running container: ${state}`);
  }
  return { pid: target.phase.process.pid };
}

/** The process whose pid namespace is joined, if one is. */
export function pidNamespace(context: Context, { spec }: Container): { pid?: number } {
  const mode = spec.hostConfig.PidMode;
  if (!mode.startsWith(CONTAINER)) return {};
  const target = peer(context, mode, 'failed to join PID namespace');
  if ('process' in target.phase) return { pid: target.phase.process.pid };
  throw internal(`failed to join PID namespace: container ${target.id} is not running`);
}

/** The process whose IPC namespace is joined, if one is, and the shared memory that is bound. */
export function ipcNamespace(context: Context, container: Container): { ipc?: number; shmPath?: string } {
  const { id, spec } = container;
  if (isShareable(container)) return { shmPath: context.runtime.shm(id) };
  const mode = spec.hostConfig.IpcMode;
  if (!mode.startsWith(CONTAINER)) return {};
  const words = 'failed to join IPC namespace';
  const target = ipcPeer(context, mode);
  if (!('process' in target.phase)) throw conflict(`${words}: container ${target.id} is not running`);
  const shmPath = shmOf(context, target);
  if (shmPath === undefined) {
    const hint = 'non-shareable IPC (hint: use IpcMode:shareable for the donor container)';
    throw invalid(`${words}: container ${target.id}: ${hint}`);
  }
  return { ipc: target.phase.process.pid, shmPath };
}

/** Whether its shared memory is mounted where others can bind it; a mount of the user's at its place is nobody else's. */
export function isShareable({ spec, mounts }: Container): boolean {
  const { IpcMode, Tmpfs } = spec.hostConfig;
  if (IpcMode !== 'shareable') return false;
  return !mounts.some(({ destination }) => destination === SHM) && !Object.hasOwn(Tmpfs ?? {}, SHM);
}

/** The shared memory that a running container lets others bind: its own, the host's, or that of who it joined. */
function shmOf(context: Context, container: Container): string | undefined {
  const mode = container.spec.hostConfig.IpcMode;
  if (mode === 'host') return SHM;
  if (isShareable(container)) return context.runtime.shm(container.id);
  if (!mode.startsWith(CONTAINER)) return undefined;
  const donor = context.rows.get(mode.slice(CONTAINER.length));
  return donor && hasProcess(donor) ? shmOf(context, donor) : undefined;
}

/** Docker: a donor that is not found is a 400 here, a 500 elsewhere. */
function ipcPeer(context: Context, mode: string): Container {
  try {
    return find(context, mode);
  } catch (error) {
    throw invalid(`failed to join IPC namespace: ${(error as Error).message}`, error);
  }
}

function peer(context: Context, mode: string, words: string): Container {
  try {
    return find(context, mode);
  } catch (error) {
    throw internal(`${words}: ${(error as Error).message}`, error);
  }
}

/** The container that `container:<id>` names. */
function find({ rows }: Context, mode: string): Container {
  const reference = mode.slice(CONTAINER.length);
  if (reference === '') throw invalid('invalid name or ID supplied: ""');
  return rows.get(rows.resolve(reference))!;
}
