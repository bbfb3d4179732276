import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { EngineError } from '#errdefs';
import { listXattrs } from '#sys/tree';
import { isOverlayXattr } from '../attributes.ts';
import type { UnpackLimits } from '../task.ts';
import { Excluded } from './excluded.ts';
import { isArchive } from './is-archive.ts';
import { bytes, lstatAt } from './resolve.ts';
import { select } from './select.ts';
import { walk } from './walk.ts';
import type { ActionDigest, CopyAction } from './work.ts';

const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = fs.constants;
const CHUNK = 2 ** 18;

/** Digests of files that several copies take. */
export type Contents = Map<string, Buffer>;

/** What a copy would take from a tree, as one digest: names, kinds, modes, owners, attributes, content; no times. */
export async function digestOf(
  root: string,
  action: CopyAction,
  { limits, known }: { readonly limits: UnpackLimits; readonly known: Contents },
): Promise<ActionDigest> {
  const hash = createHash('sha256');
  const chunk = Buffer.allocUnsafe(CHUNK);
  const excluded = new Excluded(action.excludes);
  const archives: string[] = [];
  let size = 0;
  try {
    for (const selected of select(root, action)) {
      hash.update(`\0\0${selected.kept}\0`);
      if (action.unpack && lstatAt(selected.path)?.isFile() && (await isArchive(selected.path, limits))) {
        archives.push(selected.name);
      }
      for (const { path, below, stats } of walk(selected, excluded)) {
        const top =
          below === '' && !stats.isDirectory() ? selected.name.slice(selected.name.lastIndexOf('/') + 1) : below;
        hash.update(`\0${top}\0${facts(stats, action)}\0`);
        for (const { name, value } of listXattrs(bytes(path))) {
          if (!isOverlayXattr(name)) hash.update(name).update('\0').update(value).update('\0');
        }
        if (stats.isSymbolicLink()) hash.update(fs.readlinkSync(bytes(path), { encoding: 'buffer' }));
        else if (stats.isFile()) {
          hash.update(known.get(path) ?? remembered(known, path, chunk));
          size += Number(stats.size);
        }
      }
    }
    return { digest: hash.digest('hex'), size, archives };
  } catch (error) {
    if (error instanceof EngineError) return { error: error.message };
    throw error;
  }
}

function facts(stats: fs.BigIntStats, { owner, mode }: CopyAction): string {
  const kind = Number(stats.mode) & fs.constants.S_IFMT;
  const bits = stats.isSymbolicLink() ? 0 : Number(stats.mode) & 0o7777;
  return [kind, mode || bits, owner ? '' : `${stats.uid}:${stats.gid}`, stats.isFile() ? stats.size : stats.rdev].join(
    ' ',
  );
}

function remembered(known: Contents, path: string, chunk: Buffer): Buffer {
  const digest = content(path, chunk);
  known.set(path, digest);
  return digest;
}

function content(path: string, chunk: Buffer): Buffer {
  const hash = createHash('sha256');
  const fd = fs.openSync(bytes(path), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    for (let read = fs.readSync(fd, chunk); read > 0; read = fs.readSync(fd, chunk))
      hash.update(chunk.subarray(0, read));
    return hash.digest();
  } finally {
    fs.closeSync(fd);
  }
}
