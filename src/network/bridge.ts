import { attachRequest } from './attach-request.ts';
import type { Bridge } from './bridge-network.ts';
import type { Context } from './context.ts';
import { parseCidr } from './subnet.ts';
import { parseCidr6 } from './subnet6.ts';

/** Makes or repairs a network's bridge; where it had to be made, the containers on record are connected to it again. */
export async function restoreBridge(context: Context, network: Bridge, except?: string): Promise<void> {
  const { created } = await ensureBridge(context, network);
  if (created) await reconnect(context, network, except);
}

/** Makes or repairs a network's bridge. A foreign one keeps its own alias: it is not ours to remove. */
export async function ensureBridge(context: Context, network: Bridge): Promise<{ created: boolean }> {
  const { kernel, names, bridgeIndexes } = context;
  const { subnet, gateway, subnet6, gateway6 } = network;
  const { created, index } = await kernel.call('ensureBridge', {
    name: network.bridge,
    ...(network.record?.isForeign ? {} : { alias: `${names.alias}${network.id}` }),
    ...(subnet && gateway ? { four: { address: gateway, prefix: parseCidr(subnet)!.subnet.prefix } } : {}),
    ...(subnet6 && gateway6 ? { six: { address: gateway6, prefix: parseCidr6(subnet6)!.subnet.prefix } } : {}),
    mtu: network.mtu,
  });
  bridgeIndexes.set(network.bridge, index);
  return { created };
}

/** Somebody deleted the bridge under running containers: their links join the new one, or are made anew. */
async function reconnect(context: Context, network: Bridge, except: string | undefined): Promise<void> {
  const { rows, kernel, log, pids } = context;
  const endpoints = rows.members(network.id).filter(({ link }) => link !== null && link !== except);
  const present = new Set((await kernel.call('listLinks', undefined)).map(({ name }) => name));
  await kernel.call('joinBridge', {
    bridge: network.bridge,
    links: endpoints.map(({ link }) => link!).filter((link) => present.has(link)),
  });
  for (const endpoint of endpoints.filter(({ link }) => !present.has(link!))) {
    const pid = pids.get(endpoint.containerId);
    if (pid === undefined) continue;
    try {
      // The ways in are in the table already, or come with its next rendering.
      await kernel.call('attach', attachRequest(context, { endpoint, ports: [], pid }));
    } catch (error) {
      log.warn('a container could not be connected again', { container: endpoint.containerId, error });
    }
  }
}
