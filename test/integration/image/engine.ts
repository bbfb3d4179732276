import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { Progress } from '#api';
import { Content } from '#content';
import { Registries } from '#distribution';
import { Events } from '#events';
import type { ImageUser } from '#image';
import { Images } from '#image';
import { nullLog } from '#log';
import { Snapshots } from '#snapshot';
import { Store } from '#store';

const LAUNCHER = join(import.meta.dirname, '../../../build/native/gantry-jail');

const SETTINGS = {
  mirrors: [],
  insecure: [],
  proxies: { http: '', https: '', none: '' },
  downloads: 3,
  uploads: 5,
  attempts: 2,
};

/** Images over a real content store and real snapshots, in a data root of their own. */
export class Engine implements AsyncDisposable {
  readonly root = mkdtempSync('/var/tmp/gantry-image-test-');
  readonly users = new Map<string, ImageUser[]>();
  readonly store: Store;
  readonly content: Content;
  readonly snapshots: Snapshots;
  readonly images: Images;

  constructor() {
    this.store = Store.open(join(this.root, 'gantry.db'));
    this.content = new Content({ root: join(this.root, 'content'), log: nullLog });
    this.snapshots = new Snapshots({ root: join(this.root, 'snapshots'), launcher: LAUNCHER, log: nullLog });
    this.images = this.restart();
  }

  /** The same data under a new façade, as after a restart of the daemon. */
  restart(): Images {
    const { store, content, snapshots } = this;
    const usage = { containersUsing: (id: string) => this.users.get(id) ?? [] };
    const registries = new Registries({
      settings: () => SETTINGS,
      hostFolders: [],
      stall: 2500,
      log: nullLog,
      userAgent: 'test',
    });
    const events = new Events(store);
    return new Images({ store, content, snapshots, events, log: nullLog, usage, registries, version: '1.2.3' });
  }

  load(bytes: Buffer, options: Parameters<Images['load']>[1] = { quiet: true }): Promise<Progress[]> {
    return Array.fromAsync(this.images.load(inPieces(bytes), options));
  }

  /** Lines of a pull, and its failure. */
  async pull(name: string, tag: string, options: Parameters<Images['pull']>[2] = {}): Promise<Progress[]> {
    return await Array.fromAsync(this.images.pull(name, tag, options));
  }

  import(bytes: Buffer, options: Parameters<Images['import']>[1] = {}): Promise<Progress[]> {
    return Array.fromAsync(this.images.import(inPieces(bytes), options));
  }

  /** Actions of all events so far, with the name they tell. */
  events(): string[] {
    const rows = this.store.prepare('SELECT message FROM events ORDER BY seq').all();
    return rows.map(({ message }) => {
      const { Action, Actor } = JSON.parse(message as string);
      return `${Action} ${Actor.Attributes.name ?? ''}`;
    });
  }

  /** Everything that images have on the disk. */
  async left(): Promise<{ blobs: string[]; ingest: string[]; layers: number }> {
    await this.content.close();
    const list = (...path: string[]) => readdirSync(join(this.root, 'content', ...path));
    return { blobs: list('blobs', 'sha256'), ingest: list('ingest'), layers: this.images.liveLayers().size };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.content.close();
    await this.snapshots.settled();
    this.store[Symbol.dispose]();
    rmSync(this.root, { recursive: true, force: true });
  }
}

export const NOTHING = { blobs: [], ingest: [], layers: 0 };

/** A body as it comes from a socket: pieces of odd sizes. */
export function inPieces(bytes: Buffer): Readable {
  return Readable.from(
    (function* () {
      for (let at = 0; at < bytes.length; at += 7919) yield bytes.subarray(at, at + 7919);
    })(),
  );
}
