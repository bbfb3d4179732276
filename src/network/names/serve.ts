import { failpoint } from '#sys';
import type { Context } from '../context.ts';
import { upstreamsOf } from '../files.ts';
import type { SandboxRecord } from '../reserve.ts';
import { INTERNAL_SERVER } from '../resolv-conf.ts';
import { lookUp, reverse, viewsOf } from './lookup.ts';
import { NameServer } from './name-server.ts';

/** Where a sandbox's name server listens, in its namespace. */
export const NAME_SOCKETS = [
  { protocol: 'udp', ip: INTERNAL_SERVER, port: 53 },
  { protocol: 'tcp', ip: INTERNAL_SERVER, port: 53 },
] as const;

/** Whether a sandbox is in a network of the user's own, and so has names. */
export const hasNames = ({ rows, predefined }: Pick<Context, 'rows' | 'predefined'>, containerId: string): boolean =>
  rows.endpoints(containerId).some(({ link, networkId }) => link !== null && networkId !== predefined);

/** Serves names in a sandbox, on descriptors of the two sockets, which are ours from now on. */
export function serveNames(context: Context, containerId: string, [udp, tcp]: readonly number[]): void {
  context.nameServers.get(containerId)?.[Symbol.dispose]();
  const views = () => viewsOf(context, containerId);
  const resolver = {
    lookUp: (name: string) => lookUp(context, views(), name),
    reverse: (address: string) => reverse(context, views(), address),
    upstreams: () => upstreams(context, containerId),
  };
  context.nameServers.set(containerId, new NameServer({ udp: udp!, tcp: tcp! }, resolver, context.log));
  failpoint('network.names.served');
}

/** Lets go of a sandbox's sockets: held open they would keep its namespace. */
export function stopNames({ nameServers }: Context, containerId: string): void {
  nameServers.get(containerId)?.[Symbol.dispose]();
  nameServers.delete(containerId);
}

/** Docker: who has no way out is told nothing of the outside. */
function upstreams(context: Context, containerId: string) {
  const sandbox = context.rows.sandbox(containerId);
  const hasWayOut = context.rows.endpoints(containerId).some(({ gateway }) => gateway !== 0);
  if (!sandbox || !hasWayOut) return { servers: [], isNdotsGiven: false };
  return upstreamsOf(context, JSON.parse(sandbox.request) as SandboxRecord);
}
