import { createHash, randomUUID } from 'node:crypto';
import {
  closeSync,
  createReadStream,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

/** What index.json says of a manifest. */
export interface LayoutEntry {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
}

const DIGEST = /^sha256:[0-9a-f]{64}$/;
const TAG = 'org.opencontainers.image.ref.name';
/** containerd's full names. */
const NAME = 'io.containerd.image.name';

/** A folder of the user's that is an OCI image layout: it holds exported caches, or images to build on. */
export class LayoutFolder {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Makes what of the layout is missing. */
  make(): void {
    for (const name of ['blobs/sha256', 'ingest']) mkdirSync(join(this.#folder, name), { recursive: true });
    const mark = join(this.#folder, 'oci-layout');
    if (!existsSync(mark)) writeFileSync(mark, '{"imageLayoutVersion":"1.0.0"}');
  }

  /** Bytes of a blob; undefined: it is not here. */
  sizeOf(digest: string): number | undefined {
    return statSync(this.#path(digest), { throwIfNoEntry: false })?.size;
  }

  read(digest: string, { offset = 0, size = 0 }: { offset?: number; size?: number } = {}): AsyncIterable<Buffer> {
    const end = size > 0 ? offset + size - 1 : Number.POSITIVE_INFINITY;
    return createReadStream(this.#path(digest), { start: offset, end });
  }

  /** A blob to be written piece by piece. */
  writer(): LayoutWriter {
    return new LayoutWriter(join(this.#folder, 'ingest', randomUUID()), (digest) => this.#path(digest));
  }

  /** What a tag means; of one digest that is asked for, its entry. Undefined: there is none. */
  find({ tag, digest }: { tag?: string; digest?: string }): LayoutEntry | undefined {
    const entries = this.#entries();
    if (digest !== undefined) return entries.find((entry) => entry.digest === digest);
    const isNamed = ({ annotations }: LayoutEntry) =>
      annotations?.[TAG] === tag || annotations?.[NAME]?.endsWith(`:${tag}`) === true;
    return entries.find(isNamed) ?? (tag === undefined && entries.length === 1 ? entries[0] : undefined);
  }

  /** Has a tag mean this manifest from now on. */
  tag(tag: string, { mediaType, digest, size }: LayoutEntry): void {
    const others = this.#entries().filter(({ annotations }) => annotations?.[TAG] !== tag);
    const manifests = [...others, { mediaType, digest, size, annotations: { [TAG]: tag } }];
    const path = join(this.#folder, 'index.json');
    const index = { schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests };
    writeFileSync(`${path}.new`, JSON.stringify(index));
    renameSync(`${path}.new`, path);
  }

  #entries(): LayoutEntry[] {
    const path = join(this.#folder, 'index.json');
    if (!existsSync(path)) return [];
    const { manifests } = JSON.parse(readFileSync(path, 'utf8')) as { manifests?: LayoutEntry[] | null };
    return manifests ?? [];
  }

  #path(digest: string): string {
    if (!DIGEST.test(digest)) throw new Error(`invalid digest ${JSON.stringify(digest.slice(0, 100))}`);
    return join(this.#folder, 'blobs', 'sha256', digest.slice('sha256:'.length));
  }
}

/** A blob on its way into a layout; visible when it is whole. */
export class LayoutWriter implements Disposable {
  readonly #temporary: string;
  readonly #pathOf: (digest: string) => string;
  readonly #hash = createHash('sha256');
  readonly #fd: number;
  offset = 0;

  constructor(temporary: string, pathOf: (digest: string) => string) {
    this.#temporary = temporary;
    this.#pathOf = pathOf;
    this.#fd = openSync(temporary, 'wx', 0o644);
  }

  write(data: Uint8Array): void {
    for (let at = 0; at < data.length; ) at += writeSync(this.#fd, data, at);
    this.#hash.update(data);
    this.offset += data.length;
  }

  /** Makes it a blob; its digest. */
  commit(expected: string): string {
    const digest = `sha256:${this.#hash.digest('hex')}`;
    if (expected !== '' && digest !== expected) throw new Error(`unexpected digest ${digest}, expected ${expected}`);
    fsyncSync(this.#fd);
    renameSync(this.#temporary, this.#pathOf(digest));
    return digest;
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
    rmSync(this.#temporary, { force: true });
  }
}
