import { internal } from '#errdefs';
import type { PortProtocol, PortRequest } from './port-requests.ts';

/** What deciding about ports needs to know of the world. */
export interface PortWorld {
  /** The addresses on which our own containers hold this port. */
  holders(protocol: PortProtocol, hostPort: number): string[];
  /** Whether the host could listen there now: undefined, or the error's code. */
  probe(protocol: 'tcp' | 'udp', hostIp: string, hostPort: number): string | undefined;
  ephemeral: { from: number; to: number };
  /** The ephemeral port after which to look first. */
  cursor: number;
}

/** The message of Docker for a port that cannot be had; the caller says for which endpoint. */
export class PortFailure extends Error {}

const WORDS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'address already in use',
  EADDRNOTAVAIL: 'cannot assign requested address',
  EACCES: 'permission denied',
  EAFNOSUPPORT: 'address family not supported by protocol',
};

/** Chooses the host port for a request, and on which of its addresses; throws {@link PortFailure}. */
export function allocatePort(
  request: PortRequest,
  address: string,
  world: PortWorld,
): { port: number; hostIps: string[] } {
  const isGiven = request.from !== 0;
  const range = isGiven ? request : world.ephemeral;
  const start = isGiven ? 0 : Math.max(0, world.cursor + 1 - range.from);
  const count = range.to - range.from + 1;
  let failure: string | undefined;
  for (let n = 0; n < count; n++) {
    const port = range.from + ((start + n) % count);
    const tried = tryPort({ ...request, address }, port, world);
    if (Array.isArray(tried)) return { port, hostIps: tried };
    failure ??= tried;
  }
  throw new PortFailure(count === 1 && failure ? failure : 'all ports are allocated');
}

/** The addresses on which this port can be had, or why not. */
function tryPort(request: PortRequest & { address: string }, port: number, world: PortWorld): string[] | string {
  const { protocol } = request;
  const held = world.holders(protocol, port);
  const hostIps: string[] = [];
  for (const hostIp of request.hostIps) {
    const holder = held.find((other) => collide(hostIp, other));
    if (holder !== undefined) return `Bind for ${holder}:${port} failed: port is already allocated`;
    const code = protocol === 'sctp' ? undefined : world.probe(protocol, hostIp, port);
    if (code === undefined) hostIps.push(hostIp);
    // A host without IPv6: what was asked for without an address is published without it.
    else if (hostIp === '::' && request.hostIps.length > 1 && /EAFNOSUPPORT|EADDRNOTAVAIL/.test(code)) continue;
    else return bindFailure({ ...request, hostIp, hostPort: port }, code);
  }
  return hostIps;
}

/** Docker's words for a port on which the host cannot listen. */
export function bindFailure(
  where: { protocol: string; hostIp: string; hostPort: number; address: string; port: number },
  code: string,
): string {
  const { protocol, hostIp, hostPort, address, port } = where;
  const host = hostIp.includes(':') ? `[${hostIp}]` : hostIp;
  return `failed to bind host port for ${host}:${hostPort}:${address}:${port}/${protocol}: ${WORDS[code] ?? code}`;
}

/** Whether two addresses cannot both hold a port: they are equal, or one is the wildcard of the other's family. */
export function collide(a: string, b: string): boolean {
  if (a.includes(':') !== b.includes(':')) return false;
  return a === b || [a, b].some((ip) => ip === '0.0.0.0' || ip === '::');
}

/** The error of a start that fails for its ports. */
export function portError(name: string, endpointId: string, message: string, cause?: unknown): Error {
  return networkingError(
    `driver failed programming external connectivity on endpoint ${name} (${endpointId}): ${message}`,
    cause,
  );
}

export const networkingError = (message: string, cause?: unknown): Error =>
  internal(`failed to set up container networking: ${message}`, cause);
