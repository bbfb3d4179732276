import { createReadStream, createWriteStream, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { GitSource } from '#dockerfile';
import { notFound } from '#errdefs';
import { unpackForeign } from '#image';
import { failpoint } from '#sys';
import type { BuildDeps } from '../deps.ts';
import type { BuildInputs } from '../inputs.ts';
import { fetchGit } from '../ops/fetch-git.ts';
import { fetchHttp } from '../ops/fetch-http.ts';
import { gitAccess } from '../ops/git-access.ts';
import { isArchiveFile } from './archive-head.ts';
import { folderIn, readIn } from './read-in.ts';

/** Hears of a fetch, and ends it. */
export interface RemoteFetching {
  readonly signal: AbortSignal;
  readonly status?: (id: string, current: number, total: number) => void;
  readonly log?: (stream: 'stdout' | 'stderr', chunk: Uint8Array) => void;
}

const nobody = () => {};

/**
 * A context that is no folder of the client: a repository, or one file (a Dockerfile, or an archive that is unpacked).
 * What is in it is hostile. It is gone when it is disposed of.
 */
export class RemoteContext implements Disposable {
  readonly #place: Disposable & { readonly path: string };
  readonly #snapshots: Pick<BuildDeps['snapshots'], 'unpackInto'>;
  #folder: string;
  #file = '';

  /** `place`: an empty folder that is removed with the context. */
  constructor(place: Disposable & { readonly path: string }, snapshots: Pick<BuildDeps['snapshots'], 'unpackInto'>) {
    this.#place = place;
    this.#snapshots = snapshots;
    this.#folder = place.path;
  }

  /** Where its files are. */
  get folder(): string {
    return this.#folder;
  }

  /** What it is called where it is one file. */
  get file(): string | undefined {
    return this.#file || undefined;
  }

  /** Whether what was fetched is an archive. */
  get isArchive(): boolean {
    return this.#file !== '' && isArchiveFile(join(this.#folder, this.#file));
  }

  async checkOut(
    source: GitSource,
    { keepGitDir, secret }: { readonly keepGitDir: boolean; readonly secret: BuildInputs['secret'] },
    { signal, log = nobody }: RemoteFetching,
  ): Promise<void> {
    const folder = this.#make('tree');
    const remote = source.looksLocal ? `https://${source.remote}` : source.remote;
    const whole = { ...source, remote, keepGitDir: source.keepGitDir ?? keepGitDir };
    const access = await gitAccess({ secret }, remote);
    await fetchGit({ ...whole, submodules: source.submodules ?? true }, { folder, signal, log, access });
    const found = folderIn(folder, source.subdir);
    if (found === undefined) throw notFound(`failed to read ${source.subdir}: no such file or directory`);
    this.#folder = found;
  }

  /** Fetches one file. */
  async download(url: string, name: string, { signal, status = nobody }: RemoteFetching): Promise<void> {
    const folder = this.#make('file');
    const fetched = await fetchHttp({ url, name, checksum: '' }, { folder, signal, status });
    this.#hold(folder, fetched.name);
  }

  /** Takes one file that a client sends. */
  async take(bytes: AsyncIterable<Uint8Array>, name: string, { signal }: RemoteFetching): Promise<void> {
    const folder = this.#make('file');
    await pipeline(bytes, createWriteStream(join(folder, name), { mode: 0o600, flags: 'wx' }), { signal });
    this.#hold(folder, name);
  }

  /** Takes all that a client's archive has. */
  async fill(archive: Readable, { signal }: Pick<RemoteFetching, 'signal'>): Promise<void> {
    await this.#snapshots.unpackInto(this.#folder, archive, { signal });
  }

  /** What is in the archive is in the place of it. */
  async unpack({ signal }: Pick<RemoteFetching, 'signal'>): Promise<void> {
    const folder = this.#make('tree');
    const packed = createReadStream(join(this.#folder, this.#file));
    await this.#snapshots.unpackInto(folder, Readable.from(unpackForeign(packed), { objectMode: false }), { signal });
    failpoint('build.remote.unpacked');
    this.#folder = folder;
    this.#file = '';
  }

  /** A small file of it; undefined when there is none. */
  read(path: string): Buffer | undefined {
    return readIn(this.#folder, path);
  }

  #make(name: string): string {
    const folder = join(this.#place.path, name);
    mkdirSync(folder, { mode: 0o755 });
    failpoint('build.remote.folder-made');
    return folder;
  }

  #hold(folder: string, file: string): void {
    this.#folder = folder;
    this.#file = file;
    failpoint('build.remote.fetched');
  }

  [Symbol.dispose](): void {
    this.#place[Symbol.dispose]();
  }
}
