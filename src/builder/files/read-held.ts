import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, opendir, readlink } from 'node:fs/promises';
import { toGoMode } from '#buildkit';
import { listXattrs } from '#sys';
import type { Content, HeldFiles, Xattrs } from './held.ts';
import { Held, inside, isKept } from './held.ts';

/** Reads what lies in a folder of ours, in which there is nothing that came another way. */
export async function readHeld(root: Buffer): Promise<HeldFiles> {
  const found: HeldFiles = new Map();
  const open: string[] = [''];
  for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
    const prefix = folder === '' ? '' : `${folder}/`;
    // Names are bytes.
    const entries = await opendir(inside(root, folder), { encoding: 'latin1' as BufferEncoding });
    for await (const { name } of entries) {
      const held = await readOne(inside(root, prefix + name));
      found.set(prefix + name, held);
      if (held.isDirectory()) open.push(prefix + name);
    }
  }
  return found;
}

async function readOne(at: Buffer): Promise<Held> {
  const stats = await lstat(at, { bigint: true });
  const isPlain = stats.isFile() || stats.isDirectory();
  return new Held({
    goMode: toGoMode(Number(stats.mode)),
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    toldSize: stats.isDirectory() ? 0 : Number(stats.size),
    modTime: stats.mtimeNs,
    target: stats.isSymbolicLink() ? await readlink(at, 'latin1' as BufferEncoding) : '',
    rdev: Number(stats.rdev),
    xattrs: isPlain ? xattrsAt(at) : [],
    content: stats.isFile() ? await contentAt(at) : undefined,
  });
}

function xattrsAt(at: Buffer): Xattrs {
  const found = listXattrs(at).map(({ name, value }) => [name.toString('latin1'), value.toString('latin1')] as const);
  return found.filter(([name]) => isKept(name)).sort(([a], [b]) => (a < b ? -1 : 1));
}

async function contentAt(at: Buffer): Promise<Content> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const piece of createReadStream(at) as AsyncIterable<Buffer>) {
    hash.update(piece);
    size += piece.length;
  }
  return { digest: hash.digest('hex'), size };
}
