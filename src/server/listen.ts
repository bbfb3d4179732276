import { chmodSync, chownSync, readFileSync, unlinkSync } from 'node:fs';
import type { Server as HttpServer } from 'node:http';
import { connect } from 'node:net';
import { invalid } from '#errdefs';
import type { PassedSocket } from './passed-sockets.ts';
import { selectSockets } from './passed-sockets.ts';
import type { TlsFiles } from './tls.ts';

export interface ListenOptions {
  /** Group of unix sockets, a name or a number. Docker: when `docker` does not exist the group stays root. */
  readonly group?: string | undefined;
  /** Permission bits of unix sockets. */
  readonly mode?: number;
  /** Whether `tcp://` without TLS is allowed: whoever reaches it owns the host. */
  readonly insecureTcp?: boolean;
  /** With it every TCP address speaks TLS. */
  readonly tls?: TlsFiles | undefined;
  /** Sockets that systemd opened, for `fd://`. */
  readonly passed?: readonly PassedSocket[];
}

/** Who can come in: anybody on the network, by TLS or not, or processes of this host that may open a file. */
export type Door = { readonly kind: 'local' } | { readonly kind: 'tcp' } | { readonly kind: 'tls'; tls: TlsFiles };

/** Makes the HTTP server behind a door. */
export type CreateServer = (door: Door) => HttpServer;

/** One socket that is served. */
export interface Listener {
  /** As it was asked for, with the port that was really chosen. */
  readonly address: string;
  /** Stops listening; requests under way get `graceMs`, then all connections are cut. */
  close(graceMs: number): Promise<void>;
}

const DEFAULT_GROUP = 'docker';

/** Opens one address: `unix:///path`, `/path`, `tcp://host:port`, `fd://` (all that were passed), `fd://3` or `fd://name`. */
export async function listen(host: string, create: CreateServer, options: ListenOptions): Promise<Listener[]> {
  if (host.startsWith('fd://')) {
    const passed = selectSockets(host.slice(5), options.passed ?? []);
    return await Promise.all(
      passed.map(({ fd, isUnix }) => {
        const door: Door = isUnix ? { kind: 'local' } : tcpDoor(`fd://${fd}`, options);
        return open(create(door), { fd }, `fd://${fd}`);
      }),
    );
  }
  if (host.startsWith('tcp://')) return [await listenTcp(host, create, options)];
  const path = host.startsWith('unix://') ? host.slice(7) : host;
  if (!path.startsWith('/')) throw invalid(`invalid bind address (${host}): want unix://, tcp:// or fd://`);
  return [await listenUnix(path, create({ kind: 'local' }), options)];
}

function tcpDoor(host: string, { tls, insecureTcp }: ListenOptions): Door {
  if (tls) return { kind: 'tls', tls };
  if (insecureTcp) return { kind: 'tcp' };
  throw invalid(
    `refusing to listen on ${host} without TLS: anyone who can reach it would be root on this host (see --tlsverify)`,
  );
}

async function listenTcp(host: string, create: CreateServer, options: ListenOptions): Promise<Listener> {
  const door = tcpDoor(host, options);
  let url: URL;
  try {
    url = new URL(host.replace(/^tcp:/, 'http:'));
  } catch (error) {
    throw invalid(`invalid bind address (${host})`, error);
  }
  const name = url.hostname.replace(/^\[|\]$/g, '');
  const server = create(door);
  // A URL drops port 80 as its scheme's own.
  const asked = /:(\d+)\/?$/.exec(host)?.[1];
  // Docker: without a wish for IPv6 the local host is the IPv4 one.
  const place = {
    host: name === 'localhost' ? '127.0.0.1' : name,
    port: Number(asked ?? (door.kind === 'tls' ? 2376 : 2375)),
  };
  const listener = await open(server, place, host);
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

/** As many clients as the kernel allows may wait to be accepted, as with Docker; Node's own bound is 511. */
const BACKLOG = 65_535;

type Place = { fd: number } | { path: string } | { host: string; port: number };

function open(server: HttpServer, place: Place, address: string): Promise<Listener> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ ...place, backlog: BACKLOG }, () => {
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
