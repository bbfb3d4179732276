import { attachRequest } from './attach-request.ts';
import type { Context } from './context.ts';
import { asBridge } from './context.ts';
import { parseCidr } from './subnet.ts';

/** Makes or repairs the default bridge; where it had to be made, the containers on record are connected to it again. */
export async function restoreBridge(context: Context, { except }: { except?: string } = {}): Promise<void> {
  const { created } = await ensureBridge(context);
  if (created) await reconnect(context, except);
}

async function ensureBridge({ rows, kernel, config, names }: Context): Promise<{ created: boolean }> {
  const network = asBridge(rows.network('bridge'))!;
  return kernel.call('ensureBridge', {
    name: network.bridge,
    alias: `${names.alias}${network.id}`,
    address: network.gateway,
    prefix: parseCidr(network.subnet)!.subnet.prefix,
    mtu: config.mtu ?? 1500,
  });
}

/** Somebody deleted the bridge under running containers: their links join the new one, or are made anew. */
async function reconnect(context: Context, except: string | undefined): Promise<void> {
  const { rows, kernel, log, names, pids } = context;
  const endpoints = rows.allEndpoints().filter(({ link }) => link !== null && link !== except);
  const present = new Set((await kernel.call('listLinks', undefined)).map(({ name }) => name));
  await kernel.call('joinBridge', {
    bridge: names.bridge,
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
