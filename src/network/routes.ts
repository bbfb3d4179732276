import type { Bridge } from './bridge-network.ts';
import { asBridge } from './bridge-network.ts';
import type { Context } from './context.ts';
import { GATEWAY_4, GATEWAY_6 } from './gateways.ts';
import type { EndpointRow } from './store.ts';

/** Points the default routes of a running sandbox to where its rows say. */
export async function pointRoutes(
  context: Context,
  { endpoints, pid }: { endpoints: readonly EndpointRow[]; pid: number },
): Promise<void> {
  const way = (bit: number, gatewayOf: (bridge: Bridge) => string | undefined) => {
    const endpoint = endpoints.find(({ gateway }) => gateway & bit);
    const bridge = endpoint && asBridge(context, context.rows.networkById(endpoint.networkId));
    const gateway = bridge && gatewayOf(bridge);
    return endpoint && gateway ? { interface: endpoint.interface, gateway } : undefined;
  };
  const four = way(GATEWAY_4, ({ way: out }) => out);
  const six = way(GATEWAY_6, ({ way6 }) => way6);
  if (four || six) await context.kernel.call('route', { pid, ...(four && { four }), ...(six && { six }) });
}
