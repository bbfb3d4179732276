import { posix } from 'node:path';
import type { Content, Received } from '#content';
import { invalid, notFound } from '#errdefs';
import type { TarEntry } from '#tar';
import { TarReader } from '#tar';
import { decompress } from './decompress.ts';

/** Files of an image archive; more is no image. */
const ENTRY_LIMIT = 20_000;
const LINK_DEPTH = 8;
/** Old archives carry these beside each layer; nothing reads them. */
const IGNORED = /(?:^|\/)(?:VERSION|repositories)$/;

/** The files of an archive, received and not in the store; disposing drops what was not kept. */
export class Archive implements AsyncDisposable {
  readonly #files = new Map<string, Received>();
  readonly #links = new Map<string, string>();

  /** Takes in a tar stream, plain, gzip or zstd, to its end. Entries come in any order. */
  static async from(content: Content, body: AsyncIterable<Buffer>, signal?: AbortSignal): Promise<Archive> {
    const archive = new Archive();
    try {
      const reader = new TarReader(decompress(body), { entries: ENTRY_LIMIT });
      for await (const entry of reader) await archive.#take(content, reader, entry, signal);
      await reader.drain();
      return archive;
    } catch (error) {
      await archive[Symbol.asyncDispose]();
      throw error;
    }
  }

  has(path: string): boolean {
    return this.#find(path) !== undefined;
  }

  /** The file at a path, through links. Not found: what Docker says of a file that is not in the archive. */
  file(path: string): Received {
    const found = this.#find(path);
    if (!found) throw notFound(`open ${path}: no such file or directory`);
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const files = new Set(this.#files.values());
    this.#files.clear();
    await Promise.all([...files].map((file) => file.drop()));
  }

  async #take(content: Content, reader: TarReader, entry: TarEntry, signal?: AbortSignal): Promise<void> {
    const path = clean(entry.name.toString());
    if (entry.type === 'symlink')
      this.#links.set(path, clean(posix.join(posix.dirname(path), entry.linkName.toString())));
    else if (entry.type === 'hardlink') this.#links.set(path, clean(entry.linkName.toString()));
    else if (entry.type === 'file' && !IGNORED.test(path)) {
      if (entry.sparse) throw invalid(`the archive has a sparse file: ${JSON.stringify(path)}`);
      const received = await content.receive(body(reader), { signal });
      await this.#files.get(path)?.drop();
      this.#files.set(path, received);
      checkName(path, received);
    }
  }

  #find(path: string): Received | undefined {
    let at = clean(path);
    for (let depth = 0; depth < LINK_DEPTH; depth++) {
      const file = this.#files.get(at);
      if (file) return file;
      const target = this.#links.get(at);
      if (target === undefined) return undefined;
      at = target;
    }
    return undefined;
  }
}

async function* body(reader: TarReader): AsyncGenerator<Buffer> {
  for (let piece = await reader.read(); piece; piece = await reader.read()) yield piece;
}

/** A path within the archive: `..` ends at its root. */
function clean(path: string): string {
  return posix.join('/', path).slice(1).replace(/\/$/, '');
}

/** A file that is named by a digest must have it. */
function checkName(path: string, { digest }: Received): void {
  const named = /^blobs\/sha256\/([0-9a-f]{64})$/.exec(path)?.[1];
  if (named !== undefined && `sha256:${named}` !== digest) {
    throw invalid(`blob ${path} of the archive has the digest ${digest}`);
  }
}
