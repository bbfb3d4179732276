import { randomBytes } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import type { PacketExchange, Stat } from '#buildkit';
import { comparePaths, sendFiles, toGoMode } from '#buildkit';
import type { EntryType, TarEntry } from '#tar';
import { cleanPath, TarReader } from '#tar';

/** The exchange of a transfer that we begin, and its end. */
export interface BegunTransfer extends PacketExchange {
  end(): void;
}

interface Kept {
  readonly stat: Partial<Stat> & { readonly path: Uint8Array };
  readonly offset: number;
}

const PIECE = 256 * 1024;
const KINDS: Readonly<Record<EntryType, number>> = {
  file: 0o100000,
  hardlink: 0o100000,
  symlink: 0o120000,
  char: 0o020000,
  block: 0o060000,
  directory: 0o040000,
  fifo: 0o010000,
  other: 0,
};

/**
 * Takes an archive and sends its files one by one, in the order that transfers want: their content waits on disk, as the
 * client asks for it when it has been told of all.
 */
export class FolderArchive extends Writable {
  readonly #archive = new PassThrough();
  readonly #work: Promise<void>;

  constructor(spool: string, begin: () => BegunTransfer) {
    super();
    this.#work = this.#run(join(spool, `output-${randomBytes(8).toString('hex')}`), begin);
    this.#work.catch((error) => this.destroy(error));
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#archive.write(chunk, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#archive.end();
    this.#work.then(() => done(), done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#archive.destroy(error ?? undefined);
    done(error);
  }

  async #run(path: string, begin: () => BegunTransfer): Promise<void> {
    const file = await open(path, 'wx+', 0o600);
    try {
      await rm(path);
      const kept = await keep(this.#archive, file);
      kept.sort((a, b) => comparePaths(a.stat.path, b.stat.path));
      const transfer = begin();
      await sendFiles(transfer, {
        files: kept.map(({ stat }) => stat),
        content: (index) => contentOf(file, kept[index]!),
      });
      transfer.end();
      for await (const _ of transfer.packets);
    } finally {
      await file.close();
    }
  }
}

async function keep(archive: AsyncIterable<Buffer>, file: FileHandle): Promise<Kept[]> {
  const reader = new TarReader(archive);
  const kept = new Map<string, Kept>();
  let end = 0;
  for await (const entry of reader) {
    const path = cleanPath(entry.name);
    if (!path || path.length === 0 || entry.type === 'other') continue;
    kept.set(path.toString('latin1'), { stat: statOf(entry, path), offset: end });
    for (let piece = await reader.read(); piece; piece = await reader.read()) {
      await file.write(piece, 0, piece.length, end);
      end += piece.length;
    }
  }
  return withDirectories(kept);
}

/** Directories that the archive left out. */
function withDirectories(kept: Map<string, Kept>): Kept[] {
  for (const path of [...kept.keys()]) {
    for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) {
      const parent = path.slice(0, at);
      if (kept.has(parent)) break;
      const stat = { path: Buffer.from(parent, 'latin1'), mode: toGoMode(0o040755), modTime: 0n };
      kept.set(parent, { stat, offset: 0 });
    }
  }
  return [...kept.values()];
}

function statOf(entry: TarEntry, path: Buffer): Kept['stat'] {
  const { type, mode, uid, gid, size, mtime, linkName, devMajor, devMinor, xattrs } = entry;
  const isLink = type === 'hardlink' || type === 'symlink';
  const target = type === 'hardlink' ? (cleanPath(linkName) ?? linkName) : linkName;
  return {
    ...{ path, mode: toGoMode(KINDS[type] + mode), uid, gid, size },
    modTime: BigInt(mtime.seconds) * 1_000_000_000n + BigInt(mtime.nanoseconds),
    ...(isLink ? { linkname: target } : {}),
    ...(type === 'char' || type === 'block' ? { devmajor: devMajor, devminor: devMinor } : {}),
    xattrs: new Map(xattrs.map(({ name, value }) => [name.toString(), value])),
  };
}

async function* contentOf(file: FileHandle, { stat, offset }: Kept): AsyncGenerator<Uint8Array> {
  const size = stat.size ?? 0;
  for (let at = 0; at < size; at += PIECE) {
    const piece = Buffer.allocUnsafe(Math.min(PIECE, size - at));
    const { bytesRead } = await file.read(piece, 0, piece.length, offset + at);
    yield piece.subarray(0, bytesRead);
  }
}
