import { closeSync, fstatSync, openSync, statSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { failpoint, inNetns, isErrno, NETLINK_NETFILTER, NETLINK_ROUTE, NetlinkSocket, rtnetlink } from '#sys';
import { randomMac } from '../mac.ts';
import { portOf } from './port.ts';
import type { AttachRequest, BridgeRequest, HostRoute, RouteRequest, StaleLink } from './protocol.ts';
import { BRIDGE_GONE, IPV6_MTU } from './protocol.ts';
import { readSysctl, setSysctl } from './sysctl.ts';

const { ENODEV } = constants.errno;

/** The kernel's sockets of this network namespace, opened once per worker. */
export interface Sockets {
  readonly route: NetlinkSocket;
  readonly netfilter: NetlinkSocket;
}

export function openSockets(): Sockets {
  return { route: new NetlinkSocket(NETLINK_ROUTE), netfilter: new NetlinkSocket(NETLINK_NETFILTER) };
}

/** Gives a sandbox its interface: the pair in one datagram, then lo, address and route in another inside of it. */
export function attach(sockets: Sockets, request: AttachRequest): void {
  const { link, bridge, mtu } = request;
  const netns = openSync(`/proc/${request.pid}/ns/net`, 'r');
  try {
    assertForeign(netns, request.pid);
    const master = findLink(sockets, bridge)?.index;
    if (master === undefined) throw Object.assign(new Error(`the bridge ${bridge} is gone`), { code: BRIDGE_GONE });
    const peer = { name: request.interface, mac: request.mac, mtu, netnsFd: netns };
    sockets.route.request(
      [
        rtnetlink.createVeth({ name: link, master, mtu }, peer),
        rtnetlink.changeLink({
          name: link,
          alias: request.alias,
          noLinkLocal: mtu >= IPV6_MTU,
          port: portOf(request),
          up: true,
        }),
      ],
      link,
    );
    failpoint('network.attach.linked');
    inNetns(netns, () => configure(request));
    failpoint('network.attach.addressed');
  } catch (error) {
    sockets.route.requestAll([rtnetlink.deleteLink({ name: link })]);
    failpoint('network.attach.undone');
    throw error;
  } finally {
    closeSync(netns);
  }
}

/** A process that is not in a namespace of its own must not have the host's filled. */
function assertForeign(netns: number, pid: number): void {
  if (fstatSync(netns).ino === statSync('/proc/thread-self/ns/net').ino) {
    throw new Error(`process ${pid} has no network namespace of its own`);
  }
}

/** Inside the sandbox: no IPv6 where there is no IPv6 network (Docker does so too), then everything up. */
function configure(request: AttachRequest): void {
  using route = new NetlinkSocket(NETLINK_ROUTE);
  const { interface: name, four, gateway, six, gateway6, linkLocal } = request;
  setSysctl(`ipv6/conf/${name}/disable_ipv6`, six ? '0' : '1');
  setSysctl(`ipv6/conf/${name}/accept_ra`, '0');
  failpoint('network.attach.quieted');
  const index = indexOf(route, name);
  route.request(
    [
      rtnetlink.changeLink({ index: 1, up: true }),
      rtnetlink.changeLink({ index, up: true }),
      ...(four ? [rtnetlink.addAddress({ index, ...four })] : []),
      ...(six ? [rtnetlink.addAddress({ index, ...six })] : []),
      ...linkLocal.map((one) => rtnetlink.addAddress({ index, ...one })),
      ...(gateway ? [rtnetlink.addDefaultRoute({ gateway, index })] : []),
      ...(gateway6 ? [rtnetlink.addDefaultRoute({ gateway: gateway6, index })] : []),
    ],
    name,
  );
  failpoint('network.attach.up');
  for (const sysctl of request.sysctls) writeFileSync(`/proc/sys/net/${sysctl.path}`, sysctl.value);
}

const indexOf = (route: NetlinkSocket, name: string): number =>
  rtnetlink.decodeLink(route.ask(rtnetlink.getLink(name), name)[0]!).index;

/** Points a sandbox's default routes elsewhere; what is no longer routed loses its route with its interface. */
export function route({ pid, four, six }: RouteRequest): void {
  const netns = openSync(`/proc/${pid}/ns/net`, 'r');
  try {
    assertForeign(netns, pid);
    inNetns(netns, () => {
      using socket = new NetlinkSocket(NETLINK_ROUTE);
      for (const way of [four, six]) {
        if (!way) continue;
        const index = indexOf(socket, way.interface);
        socket.request([rtnetlink.addDefaultRoute({ gateway: way.gateway, index })], way.interface);
      }
    });
    failpoint('network.route.set');
  } finally {
    closeSync(netns);
  }
}

/** A sandbox without networks: only its loopback is brought up. */
export function loopback({ pid }: { pid: number }): void {
  const netns = openSync(`/proc/${pid}/ns/net`, 'r');
  try {
    inNetns(netns, () => {
      using route = new NetlinkSocket(NETLINK_ROUTE);
      route.request([rtnetlink.changeLink({ index: 1, up: true })], 'lo');
    });
    failpoint('network.loopback.up');
  } finally {
    closeSync(netns);
  }
}

/** Makes the bridge or repairs it: address, mtu, up. Says whether it was missing, and its index. */
export function ensureBridge(
  sockets: Sockets,
  { name, four, six, mtu, alias }: BridgeRequest,
): { created: boolean; index: number } {
  let link = findLink(sockets, name);
  const created = link === undefined;
  if (link && link.kind !== 'bridge') throw new Error(`existing interface ${name} is not a bridge`);
  if (!link) {
    makeBridge(sockets, { name, mtu, alias });
    link = findLink(sockets, name)!;
  }
  const { index } = link;
  const present = sockets.route.ask(rtnetlink.dumpAddresses, name).map(rtnetlink.decodeAddress);
  const isOurs = alias !== undefined;
  const foreign = present
    .filter((a) => isOurs && a.index === index)
    .filter((a) => a.address !== four?.address || a.prefix !== four?.prefix);
  if (six) setSysctl(`ipv6/conf/${name}/disable_ipv6`, '0');
  sockets.route.request(
    [
      ...foreign.map((a) => rtnetlink.deleteAddress(a)),
      rtnetlink.changeLink({ index, alias, mtu, noLinkLocal: mtu >= IPV6_MTU, up: true }),
      ...(four ? [rtnetlink.addAddress({ index, ...four })] : []),
      ...(six ? [rtnetlink.addAddress({ index, ...six })] : []),
    ],
    name,
  );
  failpoint('network.bridge.addressed');
  return { created, index };
}

/** In one datagram, so that there is never a bridge of ours that does not say so. */
function makeBridge(sockets: Sockets, { name, mtu, alias }: Pick<BridgeRequest, 'name' | 'mtu' | 'alias'>): void {
  // An address of its own: else the bridge takes the lowest of its ports', and changes when that one leaves.
  const create = rtnetlink.createBridge({ name, mtu, mac: randomMac() });
  sockets.route.request([create, rtnetlink.changeLink({ name, alias })], name);
  failpoint('network.bridge.created');
}

export function findLink(sockets: Sockets, name: string): rtnetlink.Link | undefined {
  try {
    return rtnetlink.decodeLink(sockets.route.ask(rtnetlink.getLink(name), name)[0]!);
  } catch (error) {
    if (isErrno(error, 'ENODEV')) return undefined;
    throw error;
  }
}

export function listLinks(sockets: Sockets): StaleLink[] {
  return sockets.route.ask(rtnetlink.dumpLinks, 'links').map((reply) => {
    const { name, alias, master } = rtnetlink.decodeLink(reply);
    return { name, alias, master };
  });
}

/** Puts existing links back under a bridge that was made anew; absent ones are skipped. */
export function joinBridge(sockets: Sockets, { bridge, links }: { bridge: string; links: string[] }): void {
  const master = findLink(sockets, bridge)?.index;
  if (master === undefined) return;
  sockets.route.requestAll(links.map((name) => rtnetlink.changeLink({ name, master, up: true })));
}

/** Deletes links by name; absent is success. */
export function deleteLinks(sockets: Sockets, names: string[]): void {
  const messages = names.map((name) => rtnetlink.deleteLink({ name }));
  for (const [index, errno] of sockets.route.requestAll(messages).entries()) {
    if (errno !== 0 && errno !== ENODEV) throw new Error(`cannot delete the link ${names[index]}: errno ${errno}`);
  }
  failpoint('network.links.deleted');
}

/** The IPv4 destinations that this host routes, the default route apart, without those through `except`. */
export function hostRoutes(sockets: Sockets, { except }: { except: string }): HostRoute[] {
  const own = findLink(sockets, except)?.index;
  const routes = sockets.route.ask(rtnetlink.dumpRoutes, 'routes').map(rtnetlink.decodeRoute);
  return routes.filter((route) => route.prefix > 0 && route.index !== own);
}

/** Whether this namespace forwards IPv4. */
export function isForwarding(): boolean {
  return readSysctl('ipv4/ip_forward') === '1';
}

/** Switches forwarding of IPv4 on. */
export function forward(): void {
  setSysctl('ipv4/ip_forward', '1');
  failpoint('network.forwarding.on');
}

/** Whether this namespace forwards IPv6. */
export function isForwarding6(): boolean {
  return readSysctl('ipv6/conf/all/forwarding') === '1';
}

/** Switches forwarding of IPv6 on. */
export function forward6(): void {
  setSysctl('ipv6/conf/default/forwarding', '1');
  setSysctl('ipv6/conf/all/forwarding', '1');
  failpoint('network.forwarding6.on');
}
