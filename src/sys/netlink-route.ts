/**
 * rtnetlink messages (rtnetlink(7)) for links, addresses and routes. Pure: the result is sent with {@link NetlinkSocket}.
 * Addresses are text (`172.17.0.2`, `fd00::2`, `02:42:ac:11:00:02`); dumps are of IPv4.
 */
import type { NetlinkMessage, ReceivedMessage } from './netlink-codec.ts';
import {
  asText,
  attribute,
  attributes,
  NLM_F_CREATE,
  NLM_F_DUMP,
  NLM_F_EXCL,
  NLM_F_REPLACE,
  nested,
  text,
  u8,
  u32,
} from './netlink-codec.ts';

const RTM_NEWLINK = 16;
const RTM_DELLINK = 17;
const RTM_GETLINK = 18;
const RTM_NEWADDR = 20;
const RTM_DELADDR = 21;
const RTM_GETADDR = 22;
const RTM_NEWROUTE = 24;
const RTM_GETROUTE = 26;
const AF_INET = 2;
const AF_INET6 = 10;
const IFF_UP = 1;
const IFLA = { address: 1, name: 3, mtu: 4, master: 10, linkInfo: 18, alias: 20, afSpec: 26, netnsFd: 28 } as const;
const RT_TABLE_MAIN = 254;

/** What may be said of a link when it is made or changed. */
export interface LinkChange {
  name?: string;
  index?: number;
  up?: boolean;
  mac?: string;
  mtu?: number;
  /** Index of the bridge to join. */
  master?: number;
  alias?: string;
  /** Give the link no IPv6 link-local address of its own accord. */
  noLinkLocal?: boolean;
  /** For a bridge's port: may frames go back to where they came from, and may it talk to the bridge only. */
  port?: { hairpin: boolean; isolated: boolean };
}

export interface Link {
  index: number;
  name: string;
  alias: string;
  master: number;
  kind: string;
  up: boolean;
  mtu: number;
}

export const macBytes = (mac: string): Buffer => Buffer.from(mac.replaceAll(':', ''), 'hex');
export const ipv4Bytes = (address: string): Buffer => Buffer.from(address.split('.').map(Number));
/** The bytes of an address in any spelling. */
export function ipv6Bytes(address: string): Buffer {
  const [left = '', right] = address.split('::');
  const groups = (text: string) => (text === '' ? [] : text.split(':').flatMap(groupBytes));
  const [head, tail] = [groups(left), groups(right ?? '')];
  return Buffer.from([...head, ...Array<number>(16 - head.length - tail.length).fill(0), ...tail]);
}

function groupBytes(group: string): number[] {
  if (group.includes('.')) return group.split('.').map(Number);
  const value = Number.parseInt(group, 16);
  return [value >> 8, value & 0xff];
}

export const ipv4Text = (bytes: Uint8Array): string => [...bytes].join('.');

function linkBody(change: LinkChange, ...extra: Uint8Array[]): Buffer {
  const header = Buffer.alloc(16);
  header.writeInt32LE(change.index ?? 0, 4);
  if (change.up !== undefined) {
    header.writeUInt32LE(change.up ? IFF_UP : 0, 8);
    header.writeUInt32LE(IFF_UP, 12);
  }
  const parts: Uint8Array[] = [header];
  if (change.name !== undefined) parts.push(text(IFLA.name, change.name));
  if (change.mac !== undefined) parts.push(attribute(IFLA.address, macBytes(change.mac)));
  if (change.mtu !== undefined) parts.push(u32(IFLA.mtu, change.mtu));
  if (change.master !== undefined) parts.push(u32(IFLA.master, change.master));
  if (change.alias !== undefined) parts.push(text(IFLA.alias, change.alias));
  if (change.noLinkLocal) parts.push(nested(IFLA.afSpec, nested(AF_INET6, u8(8, 1))));
  if (change.port) {
    const { hairpin, isolated } = change.port;
    parts.push(nested(IFLA.linkInfo, text(4, 'bridge'), nested(5, u8(4, Number(hairpin)), u8(33, Number(isolated)))));
  }
  return Buffer.concat([...parts, ...extra]);
}

/** A veth pair whose peer is born in the network namespace of an open file (`/proc/<pid>/ns/net`). */
export function createVeth(link: LinkChange, peer: LinkChange & { netnsFd: number }): NetlinkMessage {
  const peerBody = linkBody(peer, u32(IFLA.netnsFd, peer.netnsFd));
  const info = nested(IFLA.linkInfo, text(1, 'veth'), nested(2, attribute(1, peerBody)));
  return { type: RTM_NEWLINK, flags: NLM_F_CREATE | NLM_F_EXCL, body: linkBody(link, info) };
}

export function createBridge(link: LinkChange): NetlinkMessage {
  const body = linkBody(link, nested(IFLA.linkInfo, text(1, 'bridge')));
  return { type: RTM_NEWLINK, flags: NLM_F_CREATE | NLM_F_EXCL, body };
}

/** Changes an existing link, named by `index` or `name`. */
export function changeLink(link: LinkChange): NetlinkMessage {
  return { type: RTM_NEWLINK, flags: 0, body: linkBody(link) };
}

export function deleteLink(link: { name: string } | { index: number }): NetlinkMessage {
  return { type: RTM_DELLINK, flags: 0, body: linkBody(link) };
}

export function getLink(name: string): NetlinkMessage {
  return { type: RTM_GETLINK, flags: 0, body: linkBody({ name }) };
}

export const dumpLinks: NetlinkMessage = { type: RTM_GETLINK, flags: NLM_F_DUMP, body: linkBody({}) };

export function decodeLink(message: ReceivedMessage): Link {
  const found = attributes(message.body.subarray(16));
  const info = found.get(IFLA.linkInfo);
  return {
    index: message.body.readInt32LE(4),
    up: (message.body.readUInt32LE(8) & IFF_UP) !== 0,
    name: asText(found.get(IFLA.name)),
    alias: asText(found.get(IFLA.alias)),
    master: found.get(IFLA.master)?.readUInt32LE(0) ?? 0,
    mtu: found.get(IFLA.mtu)?.readUInt32LE(0) ?? 0,
    kind: info ? asText(attributes(info).get(1)) : '',
  };
}

export interface InterfaceAddress {
  index: number;
  address: string;
  prefix: number;
}

const IFA_F_NODAD = 2;

function addressBody({ index, address, prefix }: InterfaceAddress): Buffer {
  const header = Buffer.alloc(8);
  header[0] = address.includes(':') ? AF_INET6 : AF_INET;
  header[1] = prefix;
  header.writeUInt32LE(index, 4);
  if (address.includes(':')) {
    // Nobody else gives addresses in our subnets: they can be used at once.
    header[2] = IFA_F_NODAD;
    const bytes = ipv6Bytes(address);
    return Buffer.concat([header, attribute(2, bytes), attribute(1, bytes)]);
  }
  const bytes = ipv4Bytes(address);
  const mask = prefix === 0 ? 0 : (-1 << (32 - prefix)) >>> 0;
  const broadcast = Buffer.alloc(4);
  broadcast.writeUInt32BE((bytes.readUInt32BE(0) | ~mask) >>> 0);
  return Buffer.concat([header, attribute(2, bytes), attribute(1, bytes), attribute(4, broadcast)]);
}

/** Gives a link an address, with the broadcast address of its subnet; one that is there already is kept. */
export function addAddress(address: InterfaceAddress): NetlinkMessage {
  return { type: RTM_NEWADDR, flags: NLM_F_CREATE | NLM_F_REPLACE, body: addressBody(address) };
}

export function deleteAddress(address: InterfaceAddress): NetlinkMessage {
  return { type: RTM_DELADDR, flags: 0, body: addressBody(address) };
}

export const dumpAddresses: NetlinkMessage = {
  type: RTM_GETADDR,
  flags: NLM_F_DUMP,
  body: Buffer.from([AF_INET, 0, 0, 0, 0, 0, 0, 0]),
};

export function decodeAddress(message: ReceivedMessage): InterfaceAddress {
  const found = attributes(message.body.subarray(8));
  const bytes = found.get(2) ?? found.get(1);
  return {
    index: message.body.readUInt32LE(4),
    prefix: message.body[1] ?? 0,
    address: bytes ? ipv4Text(bytes) : '',
  };
}

/** Where in the message of {@link addAddress} the index of its link is: 32 bits, behind netlink's header. */
export const ADDRESS_INDEX_AT = 16 + 4;

/**
 * The default route of a namespace, of the gateway's family: everything through `gateway`, on the link `index` or on
 * whichever leads there.
 */
export function addDefaultRoute({ gateway, index }: { gateway: string; index?: number }): NetlinkMessage {
  const isSix = gateway.includes(':');
  const header = Buffer.alloc(12);
  header[0] = isSix ? AF_INET6 : AF_INET;
  header[4] = RT_TABLE_MAIN;
  header[5] = 3; // RTPROT_BOOT, as ip(8)
  header[7] = 1; // RTN_UNICAST
  const bytes = isSix ? ipv6Bytes(gateway) : ipv4Bytes(gateway);
  const body = Buffer.concat([header, attribute(5, bytes), ...(index === undefined ? [] : [u32(4, index)])]);
  return { type: RTM_NEWROUTE, flags: NLM_F_CREATE | NLM_F_REPLACE, body };
}

export const dumpRoutes: NetlinkMessage = {
  type: RTM_GETROUTE,
  flags: NLM_F_DUMP,
  body: Buffer.from([AF_INET, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
};

/** Where a route leads: `172.17.0.0` and its prefix length (0: the default route), link index 0 when it has none. */
export function decodeRoute(message: ReceivedMessage): { destination: string; prefix: number; index: number } {
  const found = attributes(message.body.subarray(12));
  const to = found.get(1);
  return {
    destination: to ? ipv4Text(to) : '0.0.0.0',
    prefix: message.body[1] ?? 0,
    index: found.get(4)?.readUInt32LE(0) ?? 0,
  };
}
