import { randomInt } from 'node:crypto';
import type { Filters, NetworkCreateRequest, NetworkCreateResponse, NetworkResource, NetworkSettings } from '#api';
import { Semaphore } from '#async';
import type { Events } from '#events';
import type { Log } from '#log';
import type { Store } from '#store';
import { bindFailure, portError } from './allocate-port.ts';
import type { NameSockets } from './attach.ts';
import { attach, linked } from './attach.ts';
import type { Joining } from './connect.ts';
import { connectLive, join } from './connect.ts';
import type { Context, NetworkConfig } from './context.ts';
import { namesOf } from './context.ts';
import { createNetwork } from './create-network.ts';
import { ensureDefaults, isAbsentBridge } from './default-networks.ts';
import { detach, release } from './detach.ts';
import type { Leaving, Left } from './disconnect.ts';
import { disconnectLive, leave } from './disconnect.ts';
import type { SandboxFiles } from './files.ts';
import { files } from './files.ts';
import { FlowSweep } from './flow-sweep.ts';
import type { News } from './kernel/kernel.ts';
import { Kernel } from './kernel/kernel.ts';
import type { SandboxLinks } from './links.ts';
import { links } from './links.ts';
import { inspect, list } from './list.ts';
import { hasNames, NAME_SOCKETS, serveNames, stopNames } from './names/serve.ts';
import { Zones } from './names/zones.ts';
import { prune } from './prune.ts';
import type { Live } from './recover.ts';
import { guardRequest, recover, render, uninstall } from './recover.ts';
import { register } from './register.ts';
import { removeNetwork } from './remove-network.ts';
import { rename } from './rename.ts';
import type { PortSocket, Reservation, SandboxRequest } from './reserve.ts';
import { reserve } from './reserve.ts';
import { settings } from './settings.ts';
import { NetworkStore } from './store.ts';
import { formatIpv4 } from './subnet.ts';
import { validate } from './validate.ts';

interface NetworksDeps {
  readonly store: Store;
  readonly events: Pick<Events, 'record'>;
  readonly log: Log;
  /** Of the engine, '' for the default one. */
  readonly mark: string;
  readonly config: NetworkConfig;
}

/** The networks of one engine, and every sandbox's place in them. */
export class Networks {
  readonly #context: Context;
  #rendering: Promise<void> | undefined;
  #isRenderWanted = false;

  constructor({ store, events, log, mark, config }: NetworksDeps) {
    const kernel = new Kernel((news) => this.#hear(news));
    const rows = new NetworkStore(store);
    ensureDefaults({ rows, config });
    this.#context = {
      rows,
      predefined: rows.network('bridge')?.id ?? '',
      nameServers: new Map(),
      zones: new Zones(rows),
      events,
      durable: () => store.durable(),
      changes: new Semaphore(1),
      kernel,
      bridgeIndexes: new Map(),
      flows: new FlowSweep(kernel, log),
      log,
      config,
      names: namesOf(mark),
      pids: new Map(),
      lingering: new Map(),
      departed: new Map(),
      tuned: new Set(),
      detached: new Set(),
      // Anywhere: engines side by side do not run after each other's ports.
      cursor: randomInt(32_768, 60_999),
    };
  }

  /** Refuses at create what Docker refuses then; returns Docker's warnings. */
  validate(request: SandboxRequest): string[] {
    return validate(this.#context, request);
  }

  /** Keeps what a new container asks of its networks, for inspect before its first start. Inside the caller's transaction. */
  register(request: SandboxRequest): void {
    register(this.#context, request);
  }

  /** Takes address and ports for a start, inside the caller's transaction; throws Docker's errors. */
  reserve(request: SandboxRequest): Reservation {
    return reserve(this.#context, request);
  }

  /**
   * Makes the interfaces in the namespace of `pid` and opens the published ports. About a millisecond. Says which sockets
   * {@link serveNames} needs there: none where there are no names.
   */
  attach(containerId: string, netns: { pid: number }): Promise<NameSockets> {
    return attach(this.#context, containerId, netns);
  }

  /** The process that holds a sandbox's namespace from now on: the one that prepared it has ended. */
  inhabited(containerId: string, { pid }: { pid: number }): void {
    if (this.#context.pids.has(containerId)) this.#context.pids.set(containerId, pid);
  }

  /** Puts a place in a network on record. Inside the caller's transaction; {@link connect} makes it true for one that runs. */
  join(request: SandboxRequest, joining: Joining): void {
    join(this.#context, request, joining);
  }

  /** Whether a network is the default bridge where the settings want none: a place in it is nothing. */
  isAbsentBridge(name: string): boolean {
    return isAbsentBridge(this.#context, name);
  }

  /** Makes the interface of a running container's new place; says which sockets {@link serveNames} needs. */
  connect(containerId: string, network: string): Promise<NameSockets> {
    return connectLive(this.#context, containerId, network);
  }

  /** Takes a place off the record, inside the caller's transaction; {@link disconnect} makes it true for one that runs. */
  leave(request: SandboxRequest, leaving: Leaving): Left {
    return leave(this.#context, request, leaving);
  }

  /** Takes away the interface of a place that a running container had. */
  async disconnect(containerId: string, { endpoint }: Left): Promise<void> {
    if (endpoint) await disconnectLive(this.#context, containerId, endpoint);
  }

  /** The sockets that a running container's name server needs; none where it has no names. */
  nameSockets(containerId: string): NameSockets {
    return hasNames(this.#context, containerId) ? NAME_SOCKETS : [];
  }

  /** Serves names in a sandbox, on descriptors of its sockets, until {@link detach}. */
  serveNames(containerId: string, descriptors: readonly number[]): void {
    serveNames(this.#context, containerId, descriptors);
  }

  /** What {@link attach} would do, for whoever makes the namespace; undefined where that is not all. */
  links(containerId: string): SandboxLinks | undefined {
    return links(this.#context, containerId);
  }

  /** The links are made: as {@link attach} from now on. */
  linked(containerId: string, netns: { pid: number }): void {
    linked(this.#context, containerId, netns);
  }

  /** The contents of hosts, resolv.conf and hostname for a reserved sandbox. */
  files(containerId: string): SandboxFiles {
    return files(this.#context, containerId);
  }

  /** Takes back what attach made; absent is success. Before or after {@link release}. */
  detach(containerId: string): Promise<void> {
    stopNames(this.#context, containerId);
    return detach(this.#context, containerId);
  }

  /** Frees address and ports, inside the caller's transaction. */
  release(containerId: string): void {
    release(this.#context, containerId);
  }

  /** Deletes what {@link register} kept, with all the rest, when the container is removed. Inside the caller's transaction. */
  forget(containerId: string): void {
    this.release(containerId);
    this.#context.rows.dropAttachments(containerId);
  }

  /** Tells the new name of a container, for network inspect. Inside the caller's transaction. */
  rename(containerId: string, name: string): void {
    rename(this.#context, containerId, name);
  }

  /** The network part of inspect, from rows only. */
  settings(containerId: string): NetworkSettings {
    return settings(this.#context, containerId);
  }

  /** The error of a start whose monitor could not listen on a socket; `code` is the kernel's (`EADDRINUSE`). */
  portError(containerId: string, socket: PortSocket, code: string): Error {
    const { rows } = this.#context;
    const endpoint = rows.endpoints(containerId)[0];
    const { protocol, hostIp, hostPort, target } = socket;
    const address = endpoint?.address ? formatIpv4(endpoint.address) : target.ip;
    const message = bindFailure({ protocol, hostIp, hostPort, address, port: target.port }, code);
    return portError(rows.sandbox(containerId)?.name ?? '', endpoint?.id ?? '', message);
  }

  /** The containers that have published a port of the host. */
  portHolders(protocol: string, hostPort: number): string[] {
    return [...new Set(this.#context.rows.portHolders(protocol, hostPort).map(({ containerId }) => containerId))];
  }

  /** The id of a network by its name; '' when there is none. */
  idOf(name: string): string {
    return this.#context.rows.network(name)?.id ?? '';
  }

  list(filters: Filters): NetworkResource[] {
    return list(this.#context, filters);
  }

  inspect(name: string, _options?: { verbose?: boolean; scope?: string }): NetworkResource {
    return inspect(this.#context, name);
  }

  create(request: NetworkCreateRequest): Promise<NetworkCreateResponse> {
    return createNetwork(this.#context, request);
  }

  remove(name: string): Promise<void> {
    return removeNetwork(this.#context, name);
  }

  /** The predefined networks are never pruned. */
  prune(filters: Filters): Promise<{ NetworksDeleted: string[] | null }> {
    return prune(this.#context, filters);
  }

  /** Lets the net worker load while the rest of the engine opens. */
  warmUp(): void {
    this.#context.kernel.warmUp();
  }

  /** Brings kernel and rows together at start; `live`: the containers that run (with a pid of each, if a Map). */
  recover(live: Live): Promise<void> {
    return recover(this.#context, live);
  }

  /** Removes bridge, table and foreign accepts: for uninstalling, with no container running. */
  uninstall(): Promise<void> {
    return uninstall(this.#context);
  }

  /** Stops the net worker; the kernel's side stays as it is, for the containers that live on. */
  close(): Promise<void> {
    for (const containerId of this.#context.nameServers.keys()) stopNames(this.#context, containerId);
    return this.#context.kernel.close();
  }

  #hear(news: News): void {
    const { log, names } = this.#context;
    if (news.news === 'accepts-placed') log.info('placed accepts in foreign forward chains', { accepts: news.accepts });
    else if (news.news === 'guard-failed') log.warn('cannot look after the firewall', { reason: news.message });
    else {
      log.warn('rendering the firewall again', { table: names.table, reason: news.news });
      this.#renderSoon(news.news === 'worker-lost');
    }
  }

  /** At most one rendering at a time; news during one ask for another after it. */
  #renderSoon(isWorkerNew: boolean): void {
    this.#isRenderWanted = true;
    this.#rendering ??= this.#renderWhileWanted(isWorkerNew).finally(() => {
      this.#rendering = undefined;
    });
  }

  async #renderWhileWanted(isWorkerNew: boolean): Promise<void> {
    const { log, kernel } = this.#context;
    while (this.#isRenderWanted) {
      this.#isRenderWanted = false;
      try {
        await render(this.#context);
        if (isWorkerNew) await kernel.call('guard', guardRequest(this.#context));
      } catch (error) {
        log.error('the firewall could not be rendered', { error });
      }
    }
  }
}
