import { lstat, opendir, readlink } from 'node:fs/promises';
import type { Stat } from '#buildkit';
import { toGoMode, toStMode } from '#buildkit';

/** What is known of a file that lies in a folder already. */
export interface Held {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly modTime: bigint;
  /** Latin-1; for links. */
  readonly target: string;
  readonly device: string;
}

export type HeldFiles = Map<string, Held>;

/** What a told file will be, once it is here. */
export function heldOf(stat: Stat): Held {
  return {
    mode: stat.mode,
    uid: stat.uid,
    gid: stat.gid,
    size: stat.size,
    modTime: stat.modTime,
    target: Buffer.from(stat.linkname).toString('latin1'),
    device: `${stat.devmajor}:${stat.devminor}`,
  };
}

/** Whether the content need not come again; of directories only owner and mode matter. */
export function isSame(held: Held, told: Held): boolean {
  const isDirectory = (toStMode(told.mode) & 0o170000) === 0o040000;
  return (
    held.mode === told.mode &&
    held.uid === told.uid &&
    held.gid === told.gid &&
    (isDirectory || (held.size === told.size && held.modTime === told.modTime)) &&
    held.target === told.target &&
    held.device === told.device
  );
}

/** Reads what lies in a folder of ours, in which there is nothing that came another way. */
export async function readHeld(root: Buffer): Promise<HeldFiles> {
  const found: HeldFiles = new Map();
  const open: string[] = [''];
  for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
    const prefix = folder === '' ? '' : `${folder}/`;
    // Names are bytes.
    const entries = await opendir(inside(root, folder), { encoding: 'latin1' as BufferEncoding });
    for await (const { name } of entries) {
      const path = prefix + name;
      const at = inside(root, path);
      const { mode, uid, gid, size, mtimeNs } = await lstat(at, { bigint: true });
      const target = (Number(mode) & 0o170000) === 0o120000 ? await readlink(at, 'latin1' as BufferEncoding) : '';
      const isFolder = (Number(mode) & 0o170000) === 0o040000;
      const told = { mode: toGoMode(Number(mode)), uid: Number(uid), gid: Number(gid), modTime: mtimeNs };
      found.set(path, { ...told, size: isFolder ? 0 : Number(size), target, device: '0:0' });
      if (isFolder) open.push(path);
    }
  }
  return found;
}

/** The path of a file in a folder, as bytes. */
export function inside(root: Buffer, path: string): Buffer {
  return path === '' ? root : Buffer.concat([root, SLASH, Buffer.from(path, 'latin1')]);
}

const SLASH = Buffer.from('/');
