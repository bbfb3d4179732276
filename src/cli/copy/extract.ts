import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import type { TarEntry, Time } from '#tar';
import { cleanPath, joinPath, splitPath, TarReader } from '#tar';

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = fs.constants;

/**
 * Unpacks an archive from a container, which is hostile, into a local directory: nothing is written outside of it or
 * through a link that came with the archive. Everything belongs to who runs this.
 */
export async function extract(
  pieces: AsyncIterable<Buffer>,
  directory: string,
  rename: (name: Buffer) => Buffer,
): Promise<void> {
  const reader = new TarReader(pieces);
  const extraction = new Extraction(Buffer.from(directory));
  for await (const entry of reader) await extraction.take({ ...entry, name: rename(entry.name) }, reader);
  await reader.drain();
  extraction.end();
}

class Extraction {
  readonly #top: Buffer;
  /** Links that came with the archive (latin1): nothing goes through them. */
  readonly #links = new Set<string>();
  readonly #directories: { readonly path: Buffer; readonly mode: number; readonly mtime: Time }[] = [];

  constructor(top: Buffer) {
    this.#top = top;
  }

  async take(entry: TarEntry, reader: TarReader): Promise<void> {
    const name = this.#confined(entry.name);
    if (name.length === 0) return;
    const path = joinPath([this.#top, name]);
    const there = fs.lstatSync(path, { throwIfNoEntry: false });
    assertKind(there, { name, type: entry.type, directory: this.#top });
    if (there && !(there.isDirectory() && entry.type === 'directory')) {
      fs.unlinkSync(path);
      this.#links.delete(name.toString('latin1'));
    }
    if (!there) fs.mkdirSync(splitPath(path).parent, { recursive: true });
    await this.#make(path, { ...entry, name }, reader);
  }

  /** Modes and times of directories come last: a read-only one could not be filled. */
  end(): void {
    for (const { path, mode, mtime } of this.#directories.toReversed()) {
      fs.chmodSync(path, mode);
      fs.utimesSync(path, seconds(mtime), seconds(mtime));
    }
  }

  /** A name below the directory; one that climbs out, or passes a link of the archive, is refused. */
  #confined(name: Buffer): Buffer {
    let depth = 0;
    for (const part of name.toString('latin1').split('/')) {
      depth += part === '..' ? -1 : part === '' || part === '.' ? 0 : 1;
      if (depth < 0) throw new Error(`invalid entry name ${JSON.stringify(name.toString())}`);
    }
    const cleaned = cleanPath(name);
    for (let { parent } = splitPath(cleaned); parent.length > 0; { parent } = splitPath(parent)) {
      if (this.#links.has(parent.toString('latin1'))) {
        throw new Error(`invalid entry name ${JSON.stringify(name.toString())}`);
      }
    }
    return cleaned;
  }

  async #make(path: Buffer, entry: TarEntry, reader: TarReader): Promise<void> {
    switch (entry.type) {
      case 'directory':
        fs.mkdirSync(path, { recursive: true });
        this.#directories.push({ path, mode: entry.mode, mtime: entry.mtime });
        return;
      case 'symlink':
        fs.symlinkSync(entry.linkName, path);
        this.#links.add(entry.name.toString('latin1'));
        fs.lutimesSync(path, seconds(entry.mtime), seconds(entry.mtime));
        return;
      case 'hardlink':
        fs.linkSync(joinPath([this.#top, this.#confined(entry.linkName)]), path);
        return;
      case 'file':
        await writeFile(path, entry, reader);
        return;
      default:
        makeNode(path, entry);
    }
  }
}

async function writeFile(path: Buffer, { size, mode, mtime }: TarEntry, reader: TarReader): Promise<void> {
  const fd = fs.openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    for (let piece = await reader.read(); piece; piece = await reader.read()) {
      for (let done = 0; done < piece.length; )
        done += fs.writeSync(fd, piece, done, piece.length - done, reader.offset + done);
    }
    fs.ftruncateSync(fd, size);
    fs.fchmodSync(fd, mode);
    fs.futimesSync(fd, seconds(mtime), seconds(mtime));
  } finally {
    fs.closeSync(fd);
  }
}

/** Node has no call for these. */
function makeNode(path: Buffer, { type, mode, devMajor, devMinor, flag }: TarEntry): void {
  const kind = { char: 'c', block: 'b', fifo: 'p' }[type as string];
  if (kind === undefined) throw new Error(`unhandled tar header type ${flag.charCodeAt(0)}`);
  const numbers = kind === 'p' ? [] : [String(devMajor), String(devMinor)];
  execFileSync('mknod', ['-m', mode.toString(8), '--', path.toString(), kind, ...numbers], { stdio: 'pipe' });
}

function assertKind(
  there: fs.Stats | undefined,
  { name, type, directory }: { name: Buffer; type: string; directory: Buffer },
): void {
  if (!there || there.isDirectory() === (type === 'directory')) return;
  const [wrong, right] = there.isDirectory() ? ['directory', 'non-directory'] : ['non-directory', 'directory'];
  const [what, where] = [name, directory].map((text) => JSON.stringify(text.toString()));
  throw new Error(`cannot overwrite ${wrong} ${what} with ${right} ${where}`);
}

const seconds = (time: Time): number => time.seconds + time.nanoseconds / 1e9;
