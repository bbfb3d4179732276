import { encodeRequests, rtnetlink } from '#sys';
import { attachRequest } from './attach-request.ts';
import type { Context } from './context.ts';
import { portOf } from './kernel/port.ts';
import type { AttachRequest } from './kernel/protocol.ts';
import { IPV6_MTU } from './kernel/protocol.ts';

/** Netlink messages that give a new network namespace its interfaces, for whoever makes the namespace. */
export interface SandboxLinks {
  /** The descriptor by which `outside` names the new namespace. */
  readonly netnsFd: number;
  /** Sent in the host's namespace. */
  readonly outside: Buffer;
  /** Sent in the new one. */
  readonly inside: Buffer;
  /** The interface whose index is written into `inside`, as 32 bits at the offset `indexAt`. */
  readonly interface: string;
  readonly indexAt: number;
  /** Paths below /proc/sys/net of the new namespace with their values. */
  readonly settings: readonly (readonly [path: string, value: string])[];
}

/** Above all descriptors that a monitor's stub opens by itself. */
const NETNS_FD = 100;

/**
 * What attach would do for a reserved sandbox, where that is all in the kernel's hands: one interface with an IPv4 address
 * on the default bridge, and no ways in. Undefined for any other.
 */
export function links(context: Context, containerId: string): SandboxLinks | undefined {
  const { rows, bridgeIndexes, predefined } = context;
  const [endpoint, ...others] = rows.endpoints(containerId);
  if (!endpoint || others.length > 0 || endpoint.address === null) return undefined;
  // Elsewhere there are names to be served.
  if (endpoint.networkId !== predefined || rows.ports(containerId).length > 0) return undefined;
  const request = attachRequest(context, { endpoint, ports: [], pid: 0 });
  const master = bridgeIndexes.get(request.bridge);
  if (master === undefined || !request.four || request.six || request.sysctls.length > 0) return undefined;
  return render(request, request.four, master);
}

function render(request: AttachRequest, four: NonNullable<AttachRequest['four']>, master: number): SandboxLinks {
  const { link, interface: name, mtu, mac, alias, gateway } = request;
  const up = [rtnetlink.changeLink({ index: 1, up: true }), rtnetlink.changeLink({ name, up: true })];
  const route = gateway ? [rtnetlink.addDefaultRoute({ gateway })] : [];
  return {
    netnsFd: NETNS_FD,
    outside: encodeRequests([
      rtnetlink.createVeth({ name: link, master, mtu }, { name, mac, mtu, netnsFd: NETNS_FD }),
      rtnetlink.changeLink({ name: link, alias, noLinkLocal: mtu >= IPV6_MTU, port: portOf(request), up: true }),
    ]),
    inside: encodeRequests([...up, rtnetlink.addAddress({ index: 0, ...four }), ...route]),
    interface: name,
    indexAt: encodeRequests(up).length + rtnetlink.ADDRESS_INDEX_AT,
    // Docker: no IPv6 where there is no IPv6 network.
    settings: [
      [`ipv6/conf/${name}/disable_ipv6`, '1'],
      [`ipv6/conf/${name}/accept_ra`, '0'],
    ],
  };
}
