import type { Descriptor, Digest, ImageConfig } from '#oci';
import { chainIds, decodeImageConfig, familiarString, parseReference } from '#oci';
import type { Row, Store } from '#store';
import type { ImageRecord, NewImage } from './record.ts';
import { parseTime } from './record.ts';

interface Parsed {
  readonly config: ImageConfig;
  readonly layers: readonly Digest[];
  readonly created: bigint | undefined;
}

const COLUMNS = 'id, target, manifest, config, size, parent, last_tagged, built_at, hidden';
/** Parsed config documents that are kept; they never change. */
const CACHE_LIMIT = 512;

/** The rows of images, their names and their layers. Writes belong into a transaction. */
export class ImageRows {
  readonly #store: Store;
  readonly #parsed = new Map<string, Parsed>();

  constructor(store: Store) {
    this.#store = store;
  }

  get(id: Digest): ImageRecord | undefined {
    const row = this.#store.prepare(`SELECT ${COLUMNS} FROM images WHERE id = ?`).get(id);
    return row && this.#record(row);
  }

  /** The config document of an image, as it came. */
  document(id: Digest): Uint8Array | undefined {
    return this.#store.prepare('SELECT config FROM images WHERE id = ?').get(id)?.config as Uint8Array | undefined;
  }

  /** Every image, hidden ones too. */
  all(): ImageRecord[] {
    return this.#store
      .prepare(`SELECT ${COLUMNS} FROM images`)
      .all()
      .map((row) => this.#record(row));
  }

  /** The image that bears this long name. */
  idOf(name: string): Digest | undefined {
    return this.#store.prepare('SELECT image FROM image_names WHERE name = ?').get(name)?.image as Digest | undefined;
  }

  /** Up to two visible images whose id begins with these hex digits. */
  idsWith(prefix: string): Digest[] {
    const from = `sha256:${prefix}`;
    // 'g' follows the hex digits.
    const sql = 'SELECT id FROM images WHERE id >= ? AND id < ? AND hidden = 0 LIMIT 2';
    return this.#store
      .prepare(sql)
      .all(from, `${from}g`)
      .map((row) => row.id as Digest);
  }

  /** The long names of an image, in order. */
  names(id: Digest): string[] {
    const sql = 'SELECT name FROM image_names WHERE image = ? ORDER BY name';
    return this.#store
      .prepare(sql)
      .all(id)
      .map((row) => row.name as string);
  }

  /** All long names of a repository, with tags and digests. */
  namesOf(repository: string): string[] {
    const sql = 'SELECT name FROM image_names WHERE (name >= ? AND name < ?) OR (name >= ? AND name < ?)';
    // ';' follows ':', and 'A' follows '@'.
    const rows = this.#store.prepare(sql).all(`${repository}:`, `${repository};`, `${repository}@`, `${repository}A`);
    return rows.map((row) => row.name as string);
  }

  /** The long names with a tag of a repository, in order, and their images. */
  tagsOf(repository: string): { name: string; image: Digest }[] {
    const sql = 'SELECT name, image FROM image_names WHERE name >= ? AND name < ? ORDER BY name';
    // ';' follows ':'.
    return this.#store
      .prepare(sql)
      .all(`${repository}:`, `${repository};`)
      .filter((row) => !(row.name as string).includes('@'))
      .map((row) => ({ name: row.name as string, image: row.image as Digest }));
  }

  children(id: Digest): Digest[] {
    const sql = 'SELECT id FROM images WHERE parent = ? AND hidden = 0';
    return this.#store
      .prepare(sql)
      .all(id)
      .map((row) => row.id as Digest);
  }

  /** Records an image; one that is there is only made visible again. */
  insert(image: NewImage): void {
    const builtAt = image.builtAt ?? null;
    const known = this.#store
      .prepare('UPDATE images SET hidden = 0, built_at = coalesce(built_at, ?) WHERE id = ?')
      .run(builtAt, image.id);
    if (Number(known.changes) > 0) return;
    const size = image.layers.reduce((sum, layer) => sum + layer.size, 0);
    this.#store
      .prepare('INSERT INTO images (id, target, manifest, config, size, parent, built_at) VALUES (?, ?, ?, ?, ?, ?, ?)')
      .run(image.id, JSON.stringify(image.target), image.manifest, image.document, size, image.parent ?? null, builtAt);
    image.layers.forEach(({ chainId, diffId, size }, position) => {
      this.insertLayer({ chainId, diffId, size });
      this.#store
        .prepare('INSERT INTO image_layers (image, position, chain_id) VALUES (?, ?, ?)')
        .run(image.id, position, chainId);
    });
  }

  /** What an image came as, the last time it did. */
  setSource({ id, target, manifest }: Pick<NewImage, 'id' | 'target' | 'manifest'>): void {
    const sql = 'UPDATE images SET target = ?, manifest = ? WHERE id = ?';
    this.#store.prepare(sql).run(JSON.stringify(target), manifest, id);
  }

  /** Gives a long name to an image, taking it from the one that had it; that one's id is returned. */
  setName(name: string, id: Digest): Digest | undefined {
    const previous = this.idOf(name);
    this.#store
      .prepare(
        'INSERT INTO image_names (name, image) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET image = excluded.image',
      )
      .run(name, id);
    return previous === id ? undefined : previous;
  }

  removeName(name: string): void {
    this.#store.prepare('DELETE FROM image_names WHERE name = ?').run(name);
  }

  setLastTagged(id: Digest, time: string): void {
    this.#store.prepare('UPDATE images SET last_tagged = ? WHERE id = ?').run(time, id);
  }

  setParent(id: Digest, parent: Digest): void {
    this.#store.prepare('UPDATE images SET parent = ? WHERE id = ?').run(parent, id);
  }

  hide(id: Digest): void {
    this.#store.prepare('UPDATE images SET hidden = 1 WHERE id = ?').run(id);
  }

  delete(id: Digest): void {
    this.#store.prepare('DELETE FROM images WHERE id = ?').run(id);
    this.#parsed.delete(id);
  }

  /** Unpacked bytes of a layer that some image has had recorded. */
  layerSize(chainId: Digest): number | undefined {
    return this.#store.prepare('SELECT size FROM layers WHERE chain_id = ?').get(chainId)?.size as number | undefined;
  }

  /** Whether some image, hidden or not, needs this layer. */
  layerUsed(chainId: Digest): boolean {
    return this.#store.prepare('SELECT 1 FROM image_layers WHERE chain_id = ? LIMIT 1').get(chainId) !== undefined;
  }

  /** A layer that no image has yet; one that is there stays as it is. */
  insertLayer({ chainId, diffId, size }: NewImage['layers'][number]): void {
    this.#store
      .prepare('INSERT INTO layers (chain_id, diff_id, size) VALUES (?, ?, ?) ON CONFLICT DO NOTHING')
      .run(chainId, diffId, size);
  }

  deleteLayer(chainId: Digest): void {
    this.#store.prepare('DELETE FROM layers WHERE chain_id = ?').run(chainId);
  }

  /** Recorded layers that no image needs any more. */
  unusedLayers(): Digest[] {
    const sql = 'SELECT chain_id FROM layers WHERE chain_id NOT IN (SELECT chain_id FROM image_layers)';
    return this.#store
      .prepare(sql)
      .all()
      .map((row) => row.chain_id as Digest);
  }

  /** Each needed layer with its unpacked bytes and the number of visible images that need it. */
  layers(): { chainId: Digest; size: number; users: number }[] {
    const sql = `SELECT layers.chain_id, layers.size, count(images.id) AS users FROM layers
      JOIN image_layers ON image_layers.chain_id = layers.chain_id
      LEFT JOIN images ON images.id = image_layers.image AND images.hidden = 0 GROUP BY layers.chain_id`;
    const rows = this.#store.prepare(sql).all();
    return rows.map((row) => ({
      chainId: row.chain_id as Digest,
      size: row.size as number,
      users: row.users as number,
    }));
  }

  #record(row: Row): ImageRecord {
    const id = row.id as Digest;
    const references = this.names(id).map(parseReference);
    const parsed = this.#parse(id, row.config as Uint8Array);
    const builtAt = row.built_at as number | null;
    return {
      id,
      target: JSON.parse(row.target as string) as Descriptor,
      manifest: row.manifest as Digest,
      repoTags: references.filter((reference) => reference.digest === undefined).map(familiarString),
      repoDigests: references.filter((reference) => reference.digest !== undefined).map(familiarString),
      size: row.size as number,
      parent: (row.parent as Digest | null) ?? '',
      lastTagged: (row.last_tagged as string | null) ?? undefined,
      hidden: row.hidden === 1,
      listed: builtAt === null ? parsed.created : BigInt(builtAt) * 1_000_000n,
      ...parsed,
    };
  }

  #parse(id: Digest, document: Uint8Array): Parsed {
    const known = this.#parsed.get(id);
    if (known) return known;
    const config = decodeImageConfig(document);
    const created = config.created === undefined ? undefined : parseTime(config.created);
    const parsed = { config, layers: chainIds(config.diffIds), created };
    if (this.#parsed.size >= CACHE_LIMIT) this.#parsed.delete(this.#parsed.keys().next().value!);
    this.#parsed.set(id, parsed);
    return parsed;
  }
}
