import {
  chmodSync,
  closeSync,
  constants,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { PacketExchange, Stat } from '#buildkit';
import { isDirectory, isRegular, isSymlink, PACKET, TreeOrder, toStMode } from '#buildkit';

const CREATE = constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | constants.O_NOFOLLOW;

/**
 * Writes the files of an export into a folder of the user's. What stands in the way is replaced, what is not exported
 * stays. Every directory on the way was made or found to be one before, so no link leads out of the folder.
 */
export async function receiveFolder(folder: string, { packets, send }: PacketExchange): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const order = new TreeOrder<true>();
  const wanted = new Map<number, { path: string; stat: Stat; fd: number | undefined }>();
  const links: { path: string; stat: Stat }[] = [];
  let hasAll = false;
  let isFinished = false;
  for await (const { type, stat, id, data } of packets) {
    if (type === PACKET.fin) return;
    if (type === PACKET.error) throw new Error(`error from sender: ${Buffer.from(data)}`);
    if (type === PACKET.stat && stat) {
      const index = order.size;
      const path = join(folder, Buffer.from(order.admit(stat, true), 'latin1').toString());
      if (isRegular(stat.mode) && stat.linkname.length > 0) links.push({ path, stat });
      else if (isRegular(stat.mode)) {
        wanted.set(index, { path, stat, fd: undefined });
        await send({ type: PACKET.request, id: index });
      } else make(path, stat);
    } else if (type === PACKET.stat) hasAll = true;
    else if (type === PACKET.data) {
      const file = wanted.get(id);
      if (!file) throw new Error('the sender of files sends what nobody asked for');
      file.fd ??= create(file.path);
      if (data.length > 0) writeAll(file.fd, data);
      else {
        closeSync(file.fd);
        wanted.delete(id);
        dress(file.path, file.stat);
      }
    }
    if (!hasAll || wanted.size > 0 || isFinished) continue;
    for (const link of links) hardLink(folder, link);
    isFinished = true;
    await send({ type: PACKET.fin });
  }
}

function create(path: string): number {
  clear(path);
  return openSync(path, CREATE, 0o600);
}

function writeAll(fd: number, data: Uint8Array): void {
  for (let at = 0; at < data.length; ) at += writeSync(fd, data, at);
}

function make(path: string, stat: Stat): void {
  if (isDirectory(stat.mode)) {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found && !found.isDirectory()) rmSync(path);
    if (!found?.isDirectory()) mkdirSync(path);
    chmodSync(path, toStMode(stat.mode) & 0o7777);
  } else if (isSymlink(stat.mode)) {
    clear(path);
    symlinkSync(Buffer.from(stat.linkname), path);
  }
  // Devices and the like are of no use in a user's folder.
}

function hardLink(folder: string, { path, stat }: { path: string; stat: Stat }): void {
  clear(path);
  linkSync(join(folder, join('/', Buffer.from(stat.linkname).toString())), path);
}

function clear(path: string): void {
  rmSync(path, { recursive: true, force: true });
}

function dress(path: string, stat: Stat): void {
  chmodSync(path, toStMode(stat.mode) & 0o7777);
  const seconds = Number(stat.modTime) / 1e9;
  utimesSync(path, seconds, seconds);
}
