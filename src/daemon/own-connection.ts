import { readdir, readFile, readlink } from 'node:fs/promises';
import type { Socket } from 'node:net';

const known = new WeakMap<Socket, Promise<boolean>>();

/** Whether the other end of this connection is a socket of this very process. */
export function isOwnConnection(socket: Socket): Promise<boolean> {
  const found = known.get(socket) ?? isOwn(socket).catch(() => false);
  known.set(socket, found);
  return found;
}

async function isOwn({ remoteAddress = '', remotePort = 0, localPort = 0 }: Socket): Promise<boolean> {
  if (!/^(?:::ffff:)?127\.|^::1$/.test(remoteAddress)) return false;
  const tables = await Promise.all(['tcp', 'tcp6'].map((name) => readFile(`/proc/self/net/${name}`, 'utf8')));
  const inodes = tables.flatMap((table) => inodesOf(table, { from: remotePort, to: localPort }));
  if (inodes.length === 0) return false;
  const wanted = new Set(inodes.map((inode) => `socket:[${inode}]`));
  for (const fd of await readdir('/proc/self/fd')) {
    const link = await readlink(`/proc/self/fd/${fd}`).catch(() => '');
    if (wanted.has(link)) return true;
  }
  return false;
}

/** The sockets of a table of the kernel that lead from this port to that one. */
export function inodesOf(table: string, { from, to }: { from: number; to: number }): string[] {
  const hex = (port: number) => port.toString(16).toUpperCase().padStart(4, '0');
  return table.split('\n').flatMap((line) => {
    const [, local, remote, , , , , , , inode] = line.trim().split(/\s+/);
    const isIt = local?.endsWith(`:${hex(from)}`) && remote?.endsWith(`:${hex(to)}`);
    return isIt && inode !== undefined && inode !== '0' ? [inode] : [];
  });
}
