import { internal, invalid } from '#errdefs';
import { failpoint } from '#sys';
import { placesOf } from './connect.ts';
import type { Context } from './context.ts';
import { detachOne } from './detach.ts';
import { findNetwork } from './find.ts';
import { elementOf } from './firewall/elements.ts';
import { publicationsOf } from './firewall/publications.ts';
import { chooseGateways } from './gateways.ts';
import { parseMode } from './modes.ts';
import type { SandboxRequest } from './reserve.ts';
import { pointRoutes } from './routes.ts';
import type { EndpointRow } from './store.ts';

export interface Leaving {
  /** As the user named it. */
  readonly network: string;
  readonly isRunning: boolean;
}

/** What a container had in the network that it left. */
export interface Left {
  /** The network's name and id; '' when it is not there any more. */
  readonly name: string;
  readonly networkId: string;
  readonly endpoint: EndpointRow | undefined;
}

/**
 * Takes a container's place in a network off the record. Inside the caller's transaction; throws Docker's errors.
 * {@link disconnectLive} makes it true.
 */
export function leave(context: Context, { containerId, hostConfig }: SandboxRequest, leaving: Leaving): Left {
  const { rows, zones } = context;
  const { network, isRunning } = leaving;
  const row = isRunning ? findNetwork(context, network) : (rows.network(network) ?? rows.networkById(network));
  const name = row?.name ?? network;
  if (row?.driver === 'host' && parseMode(hostConfig.NetworkMode).kind === 'host') {
    throw invalid('cannot disconnect container from host network - container was created in host network mode');
  }
  const attachment = rows.attachments(containerId).find((one) => one.network === name);
  if (!attachment) {
    // Docker: the words differ by an article.
    throw internal(`container ${containerId} is not connected to ${isRunning ? '' : 'the '}network ${name}`);
  }
  rows.dropAttachment(containerId, name);
  const endpoint = rows.endpoints(containerId).find(({ networkId }) => networkId === row?.id);
  if (endpoint) {
    rows.deleteEndpoint(endpoint.id);
    zones.forget(endpoint.networkId);
    chooseGateways(context, placesOf(context, containerId));
  }
  return { name, networkId: row?.id ?? '', endpoint };
}

/** Takes the interface of a running container away, and leads ports and routes through what is left. */
export async function disconnectLive(context: Context, containerId: string, endpoint: EndpointRow): Promise<void> {
  const { rows, pids, kernel, names, config } = context;
  const ports = rows.ports(containerId);
  await detachOne(context, { endpoint, ports });
  failpoint('network.disconnect.unlinked');
  const endpoints = rows.endpoints(containerId);
  const add = publicationsOf(ports, endpoints)
    .map(elementOf)
    .filter((element) => element !== undefined);
  if ((config.iptables ?? true) && add.length > 0) {
    await kernel.call('publish', { table: names.table, remove: [], add });
  }
  const pid = pids.get(containerId);
  if (pid !== undefined) await pointRoutes(context, { endpoints, pid });
}
