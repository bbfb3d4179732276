import { closeSync, fstatSync, openSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { failpoint, inNetns, isErrno, NETLINK_NETFILTER, NETLINK_ROUTE, NetlinkSocket, rtnetlink } from '#sys';
import { randomMac } from '../mac.ts';
import type { AttachRequest, BridgeRequest, HostRoute, StaleLink } from './protocol.ts';
import { BRIDGE_GONE } from './protocol.ts';

const INTERFACE = 'eth0';
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
    const peer = { name: INTERFACE, mac: request.mac, mtu, netnsFd: netns };
    sockets.route.request(
      [
        rtnetlink.createVeth({ name: link, master, mtu }, peer),
        rtnetlink.changeLink({ name: link, alias: request.alias, noLinkLocal: true, port: portOf(request), up: true }),
      ],
      link,
    );
    failpoint('network.attach.linked');
    inNetns(netns, () => configure(request));
    failpoint('network.attach.addressed');
  } catch (error) {
    sockets.route.requestAll([rtnetlink.deleteLink({ name: link })]);
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

/**
 * Where br_netfilter hands bridged frames to the firewall, a port of the host that leads back to this bridge is translated
 * before routing: such frames may leave by the port they came from, and rules keep neighbours apart. Elsewhere isolated
 * ports do.
 */
function portOf({ apart }: AttachRequest): { hairpin: boolean; isolated: boolean } {
  const isFiltered = readSysctl('bridge/bridge-nf-call-iptables') === '1';
  return { hairpin: isFiltered, isolated: apart && !isFiltered };
}

/** Inside the sandbox: no IPv6 where there is no IPv6 network (Docker does so too), then everything up. */
function configure({ address, prefix, gateway }: AttachRequest): void {
  using route = new NetlinkSocket(NETLINK_ROUTE);
  setSysctl(`ipv6/conf/${INTERFACE}/disable_ipv6`, '1');
  setSysctl(`ipv6/conf/${INTERFACE}/accept_ra`, '0');
  failpoint('network.attach.quieted');
  const [found] = route.ask(rtnetlink.getLink(INTERFACE), INTERFACE);
  const { index } = rtnetlink.decodeLink(found!);
  route.request(
    [
      rtnetlink.changeLink({ index: 1, up: true }),
      rtnetlink.changeLink({ index, up: true }),
      rtnetlink.addAddress({ index, address, prefix }),
      rtnetlink.addDefaultRoute({ gateway, index }),
    ],
    INTERFACE,
  );
}

/** A sandbox without networks: only its loopback is brought up. */
export function loopback({ pid }: { pid: number }): void {
  const netns = openSync(`/proc/${pid}/ns/net`, 'r');
  try {
    inNetns(netns, () => {
      using route = new NetlinkSocket(NETLINK_ROUTE);
      route.request([rtnetlink.changeLink({ index: 1, up: true })], 'lo');
    });
  } finally {
    closeSync(netns);
  }
}

/** Makes the bridge or repairs it: address, mtu, up. Says whether it was missing. */
export function ensureBridge(
  sockets: Sockets,
  { name, address, prefix, mtu, alias }: BridgeRequest,
): { created: boolean } {
  let link = findLink(sockets, name);
  const created = link === undefined;
  if (link && link.kind !== 'bridge') throw new Error(`the link ${name} is not a bridge`);
  if (!link) {
    // An address of its own: else the bridge takes the lowest of its ports', and changes when that one leaves.
    sockets.route.request([rtnetlink.createBridge({ name, mtu, mac: randomMac() })], name);
    failpoint('network.bridge.created');
    link = findLink(sockets, name)!;
  }
  const { index } = link;
  const present = sockets.route.ask(rtnetlink.dumpAddresses, name).map(rtnetlink.decodeAddress);
  const foreign = present.filter((a) => a.index === index && (a.address !== address || a.prefix !== prefix));
  sockets.route.request(
    [
      ...foreign.map((a) => rtnetlink.deleteAddress(a)),
      rtnetlink.changeLink({ index, alias, mtu, noLinkLocal: true, up: true }),
      rtnetlink.addAddress({ index, address, prefix }),
    ],
    name,
  );
  failpoint('network.bridge.addressed');
  return { created };
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

/** A setting of the calling thread's namespace; undefined where the kernel does not have it. */
function readSysctl(path: string): string | undefined {
  try {
    return readFileSync(`/proc/sys/net/${path}`, 'latin1').trim();
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** The file /proc/sys resolves to the namespace of the calling thread. Kernels without IPv6 lack some. */
function setSysctl(path: string, value: string): void {
  try {
    writeFileSync(`/proc/sys/net/${path}`, value);
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
  }
}
