import { randomBytes } from 'node:crypto';
import type { Filters, Volume, VolumeCreateRequest, VolumeListResponse, VolumePruneReport } from '#api';
import { KeyedMutex } from '#async';
import { conflict, notFound } from '#errdefs';
import type { Events } from '#events';
import type { Log } from '#log';
import type { Store } from '#store';
import { failpoint } from '#sys';
import { ANONYMOUS, listFilter, pruneFilter } from './filter.ts';
import { Folders } from './folders.ts';
import { mountVolume, unmountVolume } from './mount.ts';
import { checkName } from './name.ts';
import { checkOptions, needsMount } from './options.ts';
import type { VolumeRecord } from './store.ts';
import { VolumeRows } from './store.ts';

export interface VolumeUser {
  readonly id: string;
}

export interface VolumeUsage {
  /** Containers that have this volume among their mounts, running or not. */
  containersUsing(volumeName: string): VolumeUser[];
}

export interface VolumesOptions {
  /** The folder of all volumes. */
  readonly root: string;
  readonly store: Store;
  readonly events: Pick<Events, 'record'>;
  readonly usage: VolumeUsage;
  readonly log: Log;
  /** Path of `gantry-mount`. */
  readonly mounter: string;
}

/** The volumes of one engine. */
export class Volumes {
  readonly #store: Store;
  readonly #rows: VolumeRows;
  readonly #folders: Folders;
  readonly #events: Pick<Events, 'record'>;
  readonly #usage: VolumeUsage;
  readonly #log: Log;
  readonly #mounter: string;
  readonly #mounted: Set<string>;
  readonly #leases = new Set<{ readonly name: string }>();
  readonly #locks = new KeyedMutex();
  #isPruning = false;

  constructor({ root, store, events, usage, log, mounter }: VolumesOptions) {
    this.#store = store;
    this.#rows = new VolumeRows(store);
    this.#folders = new Folders(root);
    this.#events = events;
    this.#usage = usage;
    this.#log = log;
    this.#mounter = mounter;
    this.#mounted = new Set(this.#folders.mounted());
  }

  /**
   * The volume of this name, made if need be; without a name a new anonymous one. Joins a transaction that is under way.
   * Who acknowledges it awaits `store.durable()` first, or uses {@link createDurably}.
   */
  create(request: Partial<VolumeCreateRequest>, { anonymous = false }: { anonymous?: boolean } = {}): Volume {
    const name = request.Name || randomBytes(32).toString('hex');
    this.#checkDriver(name, request.Driver || 'local');
    const known = this.#rows.get(name);
    if (known) return this.#describe(known);
    const options = nonEmpty(request.DriverOpts);
    checkName(name);
    checkOptions(name, options ?? {});
    const isAnonymous = anonymous || !request.Name;
    const labels = nonEmpty({ ...request.Labels, ...(isAnonymous && { [ANONYMOUS]: '' }) });
    const volume = { name, labels, options, created: Math.floor(Date.now() / 1000) };
    this.#folders.make(name);
    this.#store.tx(() => {
      this.#rows.insert(volume);
      this.#tell('create', name);
    });
    failpoint('volume.create.committed');
    return this.#describe(volume);
  }

  /** {@link create}, and on the disk. */
  async createDurably(request: Partial<VolumeCreateRequest>): Promise<Volume> {
    const volume = this.create(request);
    await this.#store.durable();
    return volume;
  }

  get(name: string): Volume {
    return this.#describe(this.#find(name));
  }

  exists(name: string): boolean {
    return this.#rows.get(name) !== undefined;
  }

  /** The folder that is a volume's content, when its options name no other source. */
  path(name: string): string {
    return this.#folders.data(name);
  }

  /** Whether {@link mount} has to come before a container's use. */
  needsMount(name: string): boolean {
    return needsMount(this.#find(name).options);
  }

  /**
   * Mounts what a volume's options name on its folder, unless it is there; it stays at least until the result is disposed
   * of. Throws Docker's text.
   */
  async mount(name: string): Promise<Disposable> {
    using _ = await this.#locks.lock(name);
    const { options } = this.#find(name);
    if (!this.#mounted.has(name) && needsMount(options)) {
      await mountVolume(this.#mounter, this.path(name), options);
      this.#mounted.add(name);
      failpoint('volume.mount.mounted');
    }
    const lease = { name };
    this.#leases.add(lease);
    return { [Symbol.dispose]: () => this.#leases.delete(lease) };
  }

  /** Takes off what is mounted for nobody any more. */
  async unmountUnused(isUsed: (name: string) => boolean): Promise<void> {
    for (const name of this.#mounted) {
      using _ = await this.#locks.lock(name);
      const isLeased = [...this.#leases].some((lease) => lease.name === name);
      if (!isLeased && !isUsed(name)) await this.#unmount(name);
    }
  }

  /** By name. */
  list(filters: Filters = {}): VolumeListResponse {
    const accepts = listFilter(filters, (name) => this.#users(name).length > 0);
    const volumes = this.#rows.all().filter(accepts);
    return { Volumes: volumes.map((volume) => this.#describe(volume)), Warnings: null };
  }

  /** Removes a volume that nobody uses. `force`: one that is not here is success; it does not override use. */
  async remove(name: string, force = false): Promise<void> {
    if (force && !this.exists(name)) return;
    this.#find(name);
    const users = this.#users(name);
    if (users.length > 0) {
      throw conflict(`remove ${name}: volume is in use - [${users.map(({ id }) => id).join(', ')}]`);
    }
    await this.#unmount(name);
    this.#folders.assertNotMounted(name);
    this.#store.tx(() => {
      this.#rows.delete(name);
      this.#tell('destroy', name);
    });
    failpoint('volume.remove.committed');
    this.#folders.discard(name);
    await this.#store.durable();
    await this.#clear();
  }

  /** Removes unused volumes; one prune at a time. */
  async prune(filters: Filters = {}): Promise<VolumePruneReport> {
    const accepts = pruneFilter(filters);
    if (this.#isPruning) throw conflict('a prune operation is already running');
    this.#isPruning = true;
    try {
      return await this.#prune(this.#rows.all().filter(accepts));
    } finally {
      this.#isPruning = false;
    }
  }

  /** All volumes with their sizes and the number of containers that use them, for the disk usage. */
  async usage(): Promise<Volume[]> {
    const volumes: Volume[] = [];
    for (const volume of this.#rows.all()) {
      const Size = volume.options ? -1 : await this.#folders.size(volume.name);
      volumes.push({ ...this.#describe(volume), UsageData: { RefCount: this.#users(volume.name).length, Size } });
    }
    return volumes;
  }

  /** Start-up: folders without a row go, rows without a folder get one. Returns the names of the folders that went. */
  async recover(): Promise<string[]> {
    const orphans = this.#folders.names().filter((name) => !this.exists(name));
    for (const name of orphans) {
      try {
        this.#folders.assertNotMounted(name);
        this.#folders.discard(name);
        this.#log.warn('left-over volume folder removed', { name });
      } catch (error) {
        this.#log.warn('left-over volume folder stays', { name, error });
      }
    }
    for (const { name } of this.#rows.all()) this.#folders.make(name);
    await this.#clear();
    return orphans;
  }

  async #unmount(name: string): Promise<void> {
    if (!this.#mounted.has(name)) return;
    await unmountVolume(this.#mounter, this.path(name));
    this.#mounted.delete(name);
    failpoint('volume.unmount.unmounted');
  }

  async #prune(candidates: readonly VolumeRecord[]): Promise<VolumePruneReport> {
    const removed: string[] = [];
    let reclaimed = 0;
    for (const { name } of candidates) {
      if (this.#users(name).length > 0 || !this.exists(name)) continue;
      const size = await this.#folders.size(name);
      // Somebody may have taken it while it was counted.
      if (this.#users(name).length > 0 || !this.exists(name)) continue;
      await this.remove(name);
      removed.push(name);
      reclaimed += size;
    }
    this.#store.tx(() => {
      this.#events.record('volume', 'prune', { ID: '', Attributes: { reclaimed: String(reclaimed) } });
    });
    failpoint('volume.prune.told');
    return { VolumesDeleted: removed, SpaceReclaimed: reclaimed };
  }

  /** What cannot be removed now is tried again with the next volume, and at the next start. */
  async #clear(): Promise<void> {
    await this.#folders.clear().catch((error) => this.#log.warn('folder of a removed volume stays', { error }));
  }

  #checkDriver(name: string, driver: string): void {
    if (driver === 'local') return;
    throw notFound(
      `create ${name}: error looking up volume plugin ${driver}: plugin ${JSON.stringify(driver)} not found`,
    );
  }

  #find(name: string): VolumeRecord {
    const volume = this.#rows.get(name);
    if (!volume) throw notFound(`get ${name}: no such volume`);
    return volume;
  }

  #users(name: string): VolumeUser[] {
    return this.#usage.containersUsing(name);
  }

  #tell(action: string, name: string): void {
    this.#events.record('volume', action, { ID: name, Attributes: { driver: 'local' } });
  }

  #describe({ name, labels, options, created }: VolumeRecord): Volume {
    return {
      CreatedAt: new Date(created * 1000).toISOString().replace('.000Z', 'Z'),
      Driver: 'local',
      Labels: labels as Record<string, string> | null,
      Mountpoint: this.path(name),
      Name: name,
      Options: options as Record<string, string> | null,
      Scope: 'local',
    };
  }
}

function nonEmpty(map: Record<string, string> | null | undefined): Record<string, string> | null {
  return map && Object.keys(map).length > 0 ? map : null;
}
