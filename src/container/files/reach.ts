import { existsSync } from 'node:fs';
import { isKind, notFound } from '#errdefs';
import { processStartTime } from '#sys';
import type { Context } from '../context.ts';
import type { Bind, Holder, View } from '../deps.ts';
import { containerFiles } from '../folder.ts';
import type { Container } from '../record.ts';
import { hasProcess } from '../record.ts';
import { mountVolumes, releaseVolumes, resolveMount } from '../resolve-mounts.ts';
import { ended, isGone } from '../signal.ts';
import { isRemapped } from '../user-namespace.ts';

const END_MS = 10_000;
const TRIES = 5;

/** A way to a container's files, which others respect until it is disposed of. */
export interface Reach extends AsyncDisposable {
  readonly container: Container;
  readonly view: View;
}

interface Wanted {
  readonly writes: boolean;
  /** Whether volumes and other binds are to be seen. */
  readonly binds: boolean;
}

/**
 * Finds out how a container's files are reached now: through the process that has them mounted, else by a mount of our
 * own. Docker: what the container mounts by itself (tmpfs, /proc) is not seen; its volumes are, in any state. What a stub
 * makes for its runtime alone (images, parts of volumes) is not seen either.
 */
export async function reach(context: Context, id: string, { writes, binds: seesBinds }: Wanted): Promise<Reach> {
  await using undo = new AsyncDisposableStack();
  if (writes) undo.use(await context.locks.lock(id));
  const leases = seesBinds ? await mountVolumes(context, read(context, id)) : undefined;
  if (leases) undo.defer(() => releaseVolumes(context));
  if (leases) undo.use(leases);
  let container = await settled(context, id);
  const binds = seesBinds ? bindsOf(context, container) : [];
  let holder =
    writes || binds.length > 0 || hasProcess(container) ? await holderOf(context, container, undo) : undefined;
  // A place for a bind may have to be made: that is writing.
  if (!holder && !writes && binds.length > 0) {
    undo.use(await context.locks.lock(id));
    container = read(context, id);
    holder = await holderOf(context, container, undo);
  }
  if (!holder && (writes || binds.length > 0)) undo.use(await untilDone(context, id));
  const view = { ...(holder && { holder }), binds, writes };
  const stack = undo.move();
  return { container, view, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

/**
 * Works on a container's files, which it has to dispose of; once more when the process that had them mounted ended
 * before that, as a sandbox's does when its container starts.
 */
export async function reaching<T>(
  context: Context,
  id: string,
  wanted: Wanted,
  work: (reached: Reach) => Promise<T>,
): Promise<T> {
  for (let tries = 1; ; tries++) {
    const reached = await reach(context, id, wanted);
    try {
      return await work(reached);
    } catch (error) {
      await reached[Symbol.asyncDispose]();
      if (tries === TRIES || !isKind(error, 'unavailable')) throw error;
    }
  }
}

/** What is on record of the container; a process that is gone has its end there first. */
async function settled(context: Context, id: string): Promise<Container> {
  const container = read(context, id);
  if (!isGone(container)) return container;
  await ended(context, container, END_MS);
  return read(context, id);
}

function read({ rows }: Context, id: string): Container {
  const container = rows.get(id);
  if (!container) throw notFound(`No such container: ${id}`);
  return container;
}

/** The container's own process, or that of a sandbox which waits for its start. */
async function holderOf(
  context: Context,
  container: Container,
  undo: AsyncDisposableStack,
): Promise<Holder | undefined> {
  const { phase, id } = container;
  const { idMaps } = context.settings;
  const owners = isRemapped(context.settings, container.spec.hostConfig) && idMaps ? { owners: idMaps } : {};
  if ('process' in phase) return { pid: phase.process.pid, startTime: phase.process.startTime, path: '/', ...owners };
  // Its owners are shifted, and no process tells how: ours are as they are on the disk.
  if (isRemapped(context.settings, container.spec.hostConfig)) await context.sandboxes.discard(id);
  const borrowed = await context.sandboxes.borrow(id);
  if (!borrowed) return undefined;
  undo.use(borrowed);
  const startTime = processStartTime(borrowed.pid);
  return startTime === undefined ? undefined : { pid: borrowed.pid, startTime, path: context.runtime.rootfs(id) };
}

/** Waits for the end of the life before, and lets the next one wait. */
async function untilDone({ cleanups }: Context, id: string): Promise<Disposable> {
  await cleanups.get(id);
  const { promise, resolve } = Promise.withResolvers<void>();
  cleanups.set(id, promise);
  return {
    [Symbol.dispose]: () => {
      if (cleanups.get(id) === promise) cleanups.delete(id);
      resolve();
    },
  };
}

/** Volumes, binds and the files of the network, parents before children. */
function bindsOf(context: Context, container: Container): Bind[] {
  const { hostname, hosts, resolvConf } = containerFiles(context.settings, container.id);
  const own = [
    { source: hostname, path: '/etc/hostname' },
    { source: hosts, path: '/etc/hosts' },
    { source: resolvConf, path: '/etc/resolv.conf' },
  ].filter(
    ({ source, path }) => existsSync(source) && container.mounts.every(({ destination }) => destination !== path),
  );
  const asked = container.mounts
    .filter(({ type, subpath }) => (type === 'bind' || type === 'volume') && !subpath)
    .map((mount) => {
      const { source, destination, readonly, nonRecursive } = resolveMount(mount);
      return { source, path: destination, readonly, recursive: !nonRecursive, isShifted: mount.type === 'volume' };
    });
  return [...asked, ...own.map((file) => ({ ...file, readonly: false, recursive: false }))].toSorted(
    (a, b) => depth(a.path) - depth(b.path),
  );
}

export const depth = (path: string): number => path.split('/').filter((part) => part !== '').length;
