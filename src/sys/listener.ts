import { readdir, readFile, readlink } from 'node:fs/promises';

/** A process of the host that holds a port. */
export interface Listener {
  readonly pid: number;
  readonly command: string;
}

/** /proc/net: a TCP socket that listens; an UDP one that is not connected. */
const STATES = { tcp: '0A', udp: '07' } as const;

/** Who on this host, in our network namespace, holds a port. Looks through /proc; undefined when nobody (any more) does. */
export async function findListener(protocol: 'tcp' | 'udp', port: number): Promise<Listener | undefined> {
  const sockets = new Set<string>();
  for (const table of [protocol, `${protocol}6`]) {
    const text = await readFile(`/proc/net/${table}`, 'latin1').catch(() => '');
    for (const inode of inodesOf(text, STATES[protocol], port)) sockets.add(`socket:[${inode}]`);
  }
  if (sockets.size === 0) return undefined;
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    if (await holds(pid, sockets)) return { pid: Number(pid), command: await commandOf(pid) };
  }
  return undefined;
}

/** The sockets of one table of /proc/net that hold the port. */
export function inodesOf(table: string, state: string, port: number): string[] {
  const local = port.toString(16).toUpperCase().padStart(4, '0');
  return table.split('\n').flatMap((line) => {
    const fields = line.trim().split(/\s+/);
    const [, address = '', , status] = fields;
    return status === state && address.endsWith(`:${local}`) ? [fields[9] ?? ''] : [];
  });
}

async function holds(pid: string, sockets: ReadonlySet<string>): Promise<boolean> {
  const fds = await readdir(`/proc/${pid}/fd`).catch(() => []);
  for (const fd of fds) if (sockets.has(await readlink(`/proc/${pid}/fd/${fd}`).catch(() => ''))) return true;
  return false;
}

async function commandOf(pid: string): Promise<string> {
  return (await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')).trim();
}
