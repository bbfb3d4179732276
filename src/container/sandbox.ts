import { existsSync } from 'node:fs';
import { deadline } from '#async';
import { EngineError, internal } from '#errdefs';
import type { ResolvedMount, SandboxLinks } from '#runtime';
import { failpoint } from '#sys';
import type { Context } from './context.ts';
import type { InnerSocket, PrepareRequest, Rendered } from './deps.ts';
import { containerFiles, makeFolder, writeNetworkFiles } from './folder.ts';
import { linkEnvironment } from './link-environment.ts';
import { logTarget } from './log-care.ts';
import { ipcNamespace, isShareable, networkNamespace, pidNamespace } from './namespaces.ts';
import type { Container, ContainerMount } from './record.ts';
import { mountVolumes, releaseVolumes, resolveMounts } from './resolve-mounts.ts';
import { sandboxRequest } from './sandbox-request.ts';
import { isRemapped, mappedRoot, userNamespace } from './user-namespace.ts';

/** A sandbox begun after create that nobody starts is dropped after this. */
const IDLE_MS = 10_000;
const PREPARE_MS = 30_000;
const ATTACH_MS = 10_000;
const GUESTS_MS = 5_000;
/** Account files of an image that are longer are not read. */
const ACCOUNTS_BYTES = 1024 * 1024;

/** A monitor with a stub that waits in the container's namespaces, and the spec it will be started with. */
export interface Sandbox {
  /** A process in the container's network namespace. */
  readonly pid: number;
  /** Address taken, interface made, files written: nothing of the network is left to do. */
  readonly isAttached: boolean;
  readonly rendered: Rendered;
}

/** What of the network a sandbox gets before the start. */
interface Early {
  /** An address was taken for it. */
  readonly isReserved: boolean;
  /** The stub makes the links too. */
  readonly links: SandboxLinks | undefined;
}

const LATER: Early = { isReserved: false, links: undefined };

interface Entry {
  readonly sandbox: Promise<Sandbox>;
  /** An address was taken for it, although the container is not started yet. */
  readonly isReserved: boolean;
  /** Clients on their way to its streams. */
  readonly guests: Promise<unknown>[];
  timer: NodeJS.Timeout | undefined;
}

/** Sandboxes that were begun and not started yet, by container. */
export class Sandboxes {
  readonly #context: () => Context;
  readonly #entries = new Map<string, Entry>();

  constructor(context: () => Context) {
    this.#context = context;
  }

  /** Begins one in the hope of a start soon; whatever fails will fail again, and be told, at the start. */
  begin(container: Container): void {
    if (!isAlone(container) || this.#entries.has(container.id)) return;
    const entry = this.#enter(container, this.#reserve(container));
    entry.timer = setTimeout(() => this.#drop(container.id, entry), IDLE_MS).unref();
    entry.sandbox.catch(() => {
      this.#forget(container.id, entry);
      if (!this.#context().starting.has(container.id)) this.#release(container.id);
    });
  }

  /** Begins one that stays until the start or {@link release}: somebody is attached. */
  async hold(container: Container): Promise<void> {
    const entry = this.#entries.get(container.id) ?? this.#enter(container);
    clearTimeout(entry.timer);
    entry.timer = undefined;
    await this.#settle(container.id, entry);
  }

  /** A start waits for this client, which is on its way to the streams of a sandbox that {@link hold} keeps. */
  expect(id: string, guest: Promise<unknown>): void {
    this.#entries.get(id)?.guests.push(guest);
  }

  /** One that is there stays until the result is disposed of. */
  async borrow(id: string): Promise<(Disposable & { readonly pid: number }) | undefined> {
    const entry = this.#entries.get(id);
    if (!entry) return undefined;
    const wasHeld = entry.timer === undefined;
    clearTimeout(entry.timer);
    entry.timer = undefined;
    const sandbox = await entry.sandbox.catch(() => undefined);
    const giveBack = () => {
      if (!wasHeld && this.#entries.get(id) === entry) this.release(id);
    };
    if (sandbox) return { pid: sandbox.pid, [Symbol.dispose]: giveBack };
    giveBack();
    return undefined;
  }

  /** Nobody is attached any more: the usual time to live. */
  release(id: string): void {
    const entry = this.#entries.get(id);
    if (entry && !entry.timer) entry.timer = setTimeout(() => this.#drop(id, entry), IDLE_MS).unref();
  }

  /** The sandbox for a start, which owns it from now on. */
  async take(container: Container): Promise<Sandbox> {
    const entry = this.#entries.get(container.id) ?? this.#enter(container);
    clearTimeout(entry.timer);
    const sandbox = await this.#settle(container.id, entry);
    if (entry.guests.length > 0) await this.#receive(container.id, entry);
    this.#forget(container.id, entry);
    return sandbox;
  }

  /** No more timers; what was begun is found and dropped by the next start of the daemon. */
  stop(): void {
    for (const entry of this.#entries.values()) clearTimeout(entry.timer);
  }

  has(id: string): boolean {
    return this.#entries.has(id);
  }

  /** Whether the sandbox that a start will take has its address already. */
  isReserved(id: string): boolean {
    return this.#entries.get(id)?.isReserved ?? false;
  }

  /** Drops it and waits until it is gone; none is success. */
  async discard(id: string): Promise<void> {
    const entry = this.#entries.get(id);
    if (!entry) return;
    this.#forget(id, entry);
    await entry.sandbox.catch(() => undefined);
    const { runtime, networks } = this.#context();
    await runtime.discard(id);
    await releaseVolumes(this.#context());
    if (!entry.isReserved) return;
    await networks.detach(id);
    this.#release(id);
  }

  #enter(container: Container, early: Early = LATER): Entry {
    const sandbox = prepare(this.#context(), container, early);
    const entry: Entry = { sandbox, isReserved: early.isReserved, guests: [], timer: undefined };
    this.#entries.set(container.id, entry);
    return entry;
  }

  /** Takes an address before the start where that can be in nobody's way: no port, no address of the user's choice. */
  #reserve(container: Container): Early {
    if (!hasFreeNetwork(container)) return LATER;
    const { store, networks, log } = this.#context();
    try {
      store.tx(() => networks.reserve(sandboxRequest(container)));
      failpoint('container.prepare.reserved');
      return { isReserved: true, links: networks.links(container.id) };
    } catch (error) {
      log.debug('no address before the start', { container: container.id, error });
      return LATER;
    }
  }

  #release(id: string): void {
    const { store, networks } = this.#context();
    store.tx(() => networks.release(id));
  }

  async #receive(id: string, { guests }: Entry): Promise<void> {
    await deadline(Promise.allSettled(guests), GUESTS_MS, 'not joined in time').catch((error) =>
      this.#context().log.warn('a client did not reach the streams before the start', { container: id, error }),
    );
  }

  async #settle(id: string, entry: Entry): Promise<Sandbox> {
    try {
      return await entry.sandbox;
    } catch (error) {
      this.#forget(id, entry);
      throw error;
    }
  }

  #drop(id: string, entry: Entry): void {
    if (this.#entries.get(id) !== entry) return;
    const { log } = this.#context();
    const gone = this.discard(id).catch((error) => log.warn('idle sandbox not dropped', { container: id, error }));
    this.#context().cleanups.set(id, gone);
    void gone.finally(() => {
      if (this.#context().cleanups.get(id) === gone) this.#context().cleanups.delete(id);
    });
  }

  #forget(id: string, entry: Entry): void {
    clearTimeout(entry.timer);
    if (this.#entries.get(id) === entry) this.#entries.delete(id);
  }
}

/** Whether a sandbox can be made now without touching the host or other containers. */
function isAlone({ spec, mounts }: Container): boolean {
  const { NetworkMode, PidMode, IpcMode, Links } = spec.hostConfig;
  const joins = [NetworkMode, PidMode, IpcMode].some((mode) => mode.startsWith('container:'));
  const isThere = ({ type, source, mountedOnUse, subpath }: ContainerMount) =>
    !mountedOnUse && !subpath && (type !== 'bind' || existsSync(source));
  // What it is told of those it is linked to is known at the start only.
  return !joins && !Links?.length && mounts.every(isThere);
}

function hasFreeNetwork({ spec }: Container): boolean {
  const { NetworkMode, PortBindings, PublishAllPorts } = spec.hostConfig;
  if (NetworkMode !== 'bridge' || PublishAllPorts || spec.config.NetworkDisabled) return false;
  const endpoints = Object.values(spec.endpoints);
  return (
    Object.keys(PortBindings ?? {}).length === 0 && endpoints.length === 1 && endpoints.every((e) => !e.IPAMConfig)
  );
}

async function prepare(context: Context, container: Container, early: Early): Promise<Sandbox> {
  const earlier = context.cleanups.get(container.id);
  if (earlier) await earlier;
  makeFolder(context.settings, container.id);
  failpoint('container.prepare.folder-made');
  using _ = container.mounts.some(({ mountedOnUse }) => mountedOnUse)
    ? await mountVolumes(context, container)
    : undefined;
  try {
    return await make(context, container, early);
  } catch (error) {
    if (!early.links) throw error;
    // The bridge may have gone, which is mended where links are made one by one.
    context.log.warn('sandbox made anew', { container: container.id, error });
    return await make(context, container, { ...early, links: undefined });
  }
}

/** The stub makes the surroundings; what it does not need is made meanwhile. */
async function make(context: Context, container: Container, { isReserved, links }: Early): Promise<Sandbox> {
  const { id } = container;
  const { mounts, placed } = resolveMounts(context, container);
  const surrounded = surround(context, container, { placed, links });
  surrounded.catch(() => undefined);
  failpoint('container.prepare.asked');
  try {
    const rendered = await render(context, container, mounts);
    if (links) writeFiles(context, id);
    const { pid } = await surrounded;
    failpoint('container.prepare.prepared');
    if (links) context.networks.linked(id, { pid });
    else if (isReserved) await join(context, id, pid);
    return { pid, rendered, isAttached: isReserved };
  } catch (error) {
    await surrounded.catch(() => undefined);
    await context.runtime.discard(id);
    throw error;
  }
}

/** Monitor and stub with all that the stub makes; asked for before this returns. */
async function surround(
  context: Context,
  container: Container,
  { placed, links }: Required<Pick<PrepareRequest, 'placed' | 'links'>>,
) {
  const { id, spec, mounts } = container;
  const { config, hostConfig } = spec;
  const prepared = context.runtime.prepare({
    id,
    runtime: hostConfig.Runtime,
    rootfs: context.snapshots.mounts(id),
    netns: networkNamespace(context, container),
    links,
    cgroup: asStart(() => context.planCgroup({ id, hostConfig })),
    log: logTarget(context, container),
    tty: config.Tty,
    openStdin: config.OpenStdin,
    stdinOnce: config.StdinOnce,
    sharedSources: mounts.filter(isShared).map(({ source }) => source),
    sysctls: asStart(() => context.stubSysctls(hostConfig)),
    ...(placed.length > 0 ? { placed } : {}),
    userns: asStart(() => userNamespace(context, container)),
    ...(isShareable(container) ? { shmSize: hostConfig.ShmSize } : {}),
  });
  return await deadline(prepared, PREPARE_MS, 'the monitor did not prepare the container in time');
}

/** Puts a sandbox whose address is taken into its network. */
export async function join(context: Context, id: string, pid: number): Promise<void> {
  const sockets = await deadline(context.networks.attach(id, { pid }), ATTACH_MS, 'the network was not set up in time');
  failpoint('container.prepare.attached');
  if (sockets.length > 0) await serveNames(context, id, sockets);
  writeFiles(context, id);
}

/** Writes the files that tell a container of its network, as its root's. */
export function writeFiles({ settings, networks, rows }: Context, id: string): void {
  const host = rows.get(id)?.spec.hostConfig;
  const owner = host && isRemapped(settings, host) ? mappedRoot(settings) : undefined;
  writeNetworkFiles(settings, id, { ...networks.files(id), ...(owner && { owner }) });
  failpoint('container.prepare.files-written');
}

/** Answers questions for names in a container's namespace, on sockets that its monitor holds. */
export async function serveNames(context: Context, id: string, sockets: readonly InnerSocket[]): Promise<void> {
  context.networks.serveNames(id, await context.runtime.hold(id, sockets));
}

/** The spec of a container as it stands now. */
export async function render(
  context: Context,
  container: Container,
  mounts: readonly ResolvedMount[],
): Promise<Rendered> {
  const { config, hostConfig } = container.spec;
  const { hostname, hosts, resolvConf } = containerFiles(context.settings, container.id);
  const { shmPath, ...ipc } = ipcNamespace(context, container);
  const request = {
    id: container.id,
    config,
    hostConfig,
    accounts: await accountsOf(context, container),
    mounts,
    files: { hostname, hosts, resolvConf },
    namespaces: {
      network: hostConfig.NetworkMode === 'host' ? 'host' : 'inherited',
      ...pidNamespace(context, container),
      ...ipc,
      ...(userNamespace(context, container) ? { users: context.runtime.users(container.id) } : {}),
    },
    ...(shmPath ? { shmPath } : {}),
    linkEnv: linkEnvironment(context, container),
  } as const;
  return asStart(() => context.renderSpec(request));
}

/** Docker: what a spec cannot be made of is found at the start, and is a 500. */
function asStart<T>(render: () => T): T {
  try {
    return render();
  } catch (error) {
    throw error instanceof EngineError ? internal(error.message, error) : error;
  }
}

/** The image's account files. */
export async function accountsOf({ snapshots }: Context, { id }: Container) {
  const [passwd, group] = await Promise.all([
    snapshots.readFromSnapshot(id, '/etc/passwd', ACCOUNTS_BYTES),
    snapshots.readFromSnapshot(id, '/etc/group', ACCOUNTS_BYTES),
  ]);
  return {
    ...(passwd ? { passwd: passwd.toString('utf8') } : {}),
    ...(group ? { group: group.toString('utf8') } : {}),
  };
}

function isShared({ type, propagation }: ContainerMount): boolean {
  return type === 'bind' && /^r?(shared|slave)$/.test(propagation);
}
