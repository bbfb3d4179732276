import { chmodSync, chownSync, readFileSync, unlinkSync } from 'node:fs';
import type { Server as HttpServer } from 'node:http';
import { connect } from 'node:net';
import { invalid } from '#errdefs';

export interface ListenOptions {
  /** Group of unix sockets, a name or a number. Docker: when `docker` does not exist the group stays root. */
  readonly group?: string;
  /** Permission bits of unix sockets. */
  readonly mode?: number;
  /** Whether `tcp://` without TLS is allowed: whoever reaches it owns the host. */
  readonly insecureTcp?: boolean;
}

/** One socket that is served. */
export interface Listener {
  /** As it was asked for, with the port that was really chosen. */
  readonly address: string;
  /** Stops listening; requests under way get `graceMs`, then all connections are cut. */
  close(graceMs: number): Promise<void>;
}

const DEFAULT_GROUP = 'docker';

/** Opens one address: `unix:///path`, `/path`, `tcp://host:port`, `fd://` (all of LISTEN_FDS) or `fd://3`. */
export async function listen(host: string, create: () => HttpServer, options: ListenOptions): Promise<Listener[]> {
  if (host.startsWith('fd://')) {
    return await Promise.all(descriptors(host.slice(5)).map((fd) => open(create(), { fd }, `fd://${fd}`)));
  }
  if (host.startsWith('tcp://')) return [await listenTcp(host, create(), options)];
  const path = host.startsWith('unix://') ? host.slice(7) : host;
  if (!path.startsWith('/')) throw invalid(`invalid bind address (${host}): want unix://, tcp:// or fd://`);
  return [await listenUnix(path, create(), options)];
}

/** Systemd passes its sockets from descriptor 3 on, to the process whose pid it names. */
function descriptors(which: string): number[] {
  if (/^\d+$/.test(which)) return [Number(which)];
  const count = Number(process.env.LISTEN_FDS ?? 0);
  const isOurs = process.env.LISTEN_PID === undefined || Number(process.env.LISTEN_PID) === process.pid;
  if (!isOurs || !(count > 0))
    throw invalid('no sockets found via socket activation: make sure the service was started by systemd');
  return Array.from({ length: count }, (_, i) => 3 + i);
}

async function listenTcp(host: string, server: HttpServer, options: ListenOptions): Promise<Listener> {
  if (!options.insecureTcp) {
    throw invalid(`refusing to listen on ${host} without TLS: anyone who can reach it would be root on this host`);
  }
  let url: URL;
  try {
    url = new URL(host.replace(/^tcp:/, 'http:'));
  } catch (error) {
    throw invalid(`invalid bind address (${host})`, error);
  }
  const name = url.hostname.replace(/^\[|\]$/g, '');
  const listener = await open(server, { host: name, port: Number(url.port || 2375) }, host);
  const bound = server.address();
  const port = typeof bound === 'object' ? bound?.port : undefined;
  return { ...listener, address: `tcp://${url.hostname}:${port}` };
}

async function listenUnix(path: string, server: HttpServer, options: ListenOptions): Promise<Listener> {
  if (await isServed(path)) throw invalid(`cannot listen on ${path}: another process serves it`);
  removeStale(path);
  // Nobody may connect between bind and chmod.
  const mask = process.umask(0o777);
  let opening: Promise<Listener>;
  try {
    opening = open(server, { path }, `unix://${path}`);
  } finally {
    process.umask(mask);
  }
  const listener = await opening;
  chownSync(path, process.getuid?.() ?? 0, groupId(options.group ?? DEFAULT_GROUP));
  chmodSync(path, options.mode ?? 0o660);
  return listener;
}

/** Whether someone answers on this unix socket. */
export function isServed(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => resolve(false));
  });
}

function removeStale(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/** The gid of a group's name or number. An absent `docker` is our own group. */
export function groupId(group: string, table = readGroups()): number {
  if (/^\d+$/.test(group)) return Number(group);
  const line = table.split('\n').find((entry) => entry.startsWith(`${group}:`));
  if (line) return Number(line.split(':')[2]);
  if (group === DEFAULT_GROUP) return process.getgid?.() ?? 0;
  throw invalid(`group ${group} not found`);
}

function readGroups(): string {
  try {
    return readFileSync('/etc/group', 'utf8');
  } catch {
    return '';
  }
}

type Place = { fd: number } | { path: string } | { host: string; port: number };

function open(server: HttpServer, place: Place, address: string): Promise<Listener> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(place, () => {
      server.removeListener('error', reject);
      resolve({ address, close: (graceMs) => close(server, graceMs) });
    });
  });
}

function close(server: HttpServer, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), graceMs);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    server.closeIdleConnections();
  });
}
