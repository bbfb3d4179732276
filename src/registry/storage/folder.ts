import { randomUUID } from 'node:crypto';
import { createReadStream, mkdirSync, readFileSync } from 'node:fs';
import { link, mkdir, open, readdir, rename, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Digest } from '#oci';
import { digestHex, isDigest } from '#oci';
import { failpoint } from '#sys/failpoint';
import type { BlobStore, ByteRange, NameStore, Storage } from '../deps.ts';

const READ_BYTES = 1 << 20;
const MOVES = 10;

/**
 * A registry's content in a folder, laid out as Docker's registry does (`docker/registry/v2/blobs`, `…/repositories`), so
 * that the volume of a `registry:2` is served as it is, and the other way round. Uploads and what is being written lie
 * beside it, where that registry does not look.
 */
export function folderStorage(root: string): Storage {
  const uploads = join(root, 'gantry', 'uploads');
  const fresh = join(root, 'gantry', 'new');
  for (const folder of [uploads, fresh]) mkdirSync(folder, { recursive: true, mode: 0o700 });
  const top = join(root, 'docker', 'registry', 'v2');
  return {
    blobs: new FolderBlobs(join(top, 'blobs')),
    names: new FolderNames(join(top, 'repositories'), fresh),
    uploads,
  };
}

/** Blobs as files: `sha256/ab/abcd…/data`. */
export class FolderBlobs implements BlobStore {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  file(digest: Digest): string {
    const hex = digestHex(digest);
    return join(this.#root, 'sha256', hex.slice(0, 2), hex, 'data');
  }

  async size(digest: Digest): Promise<number | undefined> {
    return (await stat(this.file(digest)).catch(orUndefined))?.size;
  }

  async open(digest: Digest, range?: ByteRange): Promise<Readable> {
    return createReadStream(this.file(digest), { highWaterMark: READ_BYTES, ...range });
  }

  async adopt(file: string, digest: Digest): Promise<void> {
    const blob = this.file(digest);
    const made = await mkdir(dirname(blob), { recursive: true });
    // A link, unlike a rename, never replaces a blob that somebody reads at this moment.
    await link(file, blob).catch((error) => orExists(error));
    failpoint('registry.blob.linked');
    await syncFolders(dirname(blob), made);
    await unlink(file);
    failpoint('registry.upload.unlinked');
  }

  async remove(digest: Digest): Promise<number> {
    const size = (await this.size(digest)) ?? 0;
    await rm(dirname(this.file(digest)), { recursive: true, force: true });
    failpoint('registry.blob.removed');
    return size;
  }

  async list(): Promise<Digest[]> {
    const top = join(this.#root, 'sha256');
    const found: Digest[] = [];
    for (const prefix of await readdir(top).catch(orNone)) {
      for (const hex of await readdir(join(top, prefix)).catch(orNone)) {
        const digest = `sha256:${hex}`;
        if (isDigest(digest)) found.push(digest);
      }
    }
    return found;
  }
}

/** Texts as files; the file of a name is `<name>/link`, as a name may stand for a text and for a folder. */
export class FolderNames implements NameStore {
  readonly #root: string;
  readonly #fresh: string;

  constructor(root: string, fresh: string) {
    this.#root = root;
    this.#fresh = fresh;
  }

  async read(name: string): Promise<string | undefined> {
    try {
      // A few bytes, almost always in the page cache: a turn through the thread pool costs ten times as much.
      return readFileSync(join(this.#root, name, 'link'), 'utf8');
    } catch (error) {
      return orUndefined(error);
    }
  }

  async write(name: string, text: string): Promise<void> {
    const path = join(this.#root, name, 'link');
    const temporary = join(this.#fresh, randomUUID());
    await writeFile(temporary, text, { flush: true, mode: 0o644 });
    const made = await moveInto(temporary, path);
    failpoint('registry.name.renamed');
    await syncFolders(dirname(path), made);
  }

  async list(name: string): Promise<string[]> {
    const entries = await readdir(join(this.#root, name), { withFileTypes: true }).catch(orNone);
    return entries
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
      .sort();
  }

  async remove(name: string): Promise<void> {
    await rm(join(this.#root, name), { recursive: true, force: true });
    failpoint('registry.name.removed');
  }
}

/** Moves a file to where its folder may have to be made, and may be removed in this very moment; tells the first folder made. */
async function moveInto(file: string, path: string): Promise<string | undefined> {
  for (let attempt = 1; ; attempt++) {
    const made = await mkdir(dirname(path), { recursive: true });
    try {
      await rename(file, path);
      return made;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || attempt === MOVES) throw error;
    }
  }
}

/** Puts the entries of a folder on the disk, and those of the folders above it that were made for it. */
async function syncFolders(folder: string, made: string | undefined): Promise<void> {
  const top = made === undefined ? folder : dirname(made);
  for (let at = folder; ; at = dirname(at)) {
    await using handle = await open(at, 'r');
    await handle.sync();
    if (at === top) return;
  }
}

function orUndefined(error: unknown): undefined {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error;
}

function orExists(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
}

function orNone(error: unknown): [] {
  orUndefined(error);
  return [];
}
