import { randomBytes } from 'node:crypto';
import type { Semaphore } from '#async';
import type { Events } from '#events';
import type { Log } from '#log';
import type { FlowSweep } from './flow-sweep.ts';
import type { Kernel } from './kernel/kernel.ts';
import type { NameServer } from './names/name-server.ts';
import type { Zones } from './names/zones.ts';
import type { EndpointRow, NetworkStore, PortRow } from './store.ts';
import type { AddressPool } from './subnet.ts';

/** The daemon's settings for networks, under daemon.json's names; what is absent has Docker's default. */
export interface NetworkConfig {
  /** There is no default bridge: containers that are given no other network have their loopback only. */
  noBridge?: boolean;
  /** Address and prefix of the default bridge. */
  bip?: string | undefined;
  bip6?: string | undefined;
  /** The part of it that containers get addresses of. */
  fixedCidr?: string | undefined;
  fixedCidr6?: string | undefined;
  /** Where its containers send what leaves it; the bridge itself by default. */
  defaultGateway?: string | undefined;
  defaultGateway6?: string | undefined;
  /** Whether the default bridge has IPv6. */
  ipv6?: boolean;
  mtu?: number;
  icc?: boolean;
  /** Host address of published ports that name none. */
  ip?: string;
  ipForward?: boolean;
  ipMasq?: boolean;
  /** false: no firewall rules are made at all. */
  iptables?: boolean;
  pools?: readonly AddressPool[];
  /** Driver options of a new bridge network that does not give them itself. */
  defaultOptions?: Readonly<Record<string, string>>;
  hostGatewayIps?: readonly string[];
  dns?: { servers?: readonly string[]; options?: readonly string[]; search?: readonly string[] };
}

export const newId = (): string => randomBytes(32).toString('hex');

/** What the verbs of this module share. */
export interface Context {
  readonly rows: NetworkStore;
  readonly kernel: Kernel;
  readonly log: Log;
  readonly config: NetworkConfig;
  readonly names: Names;
  /** The process in each attached sandbox, as told by attach; lost with the daemon. */
  readonly pids: Map<string, number>;
  /** The kernel's indexes of the bridges, as last seen. */
  readonly bridgeIndexes: Map<string, number>;
  /** Released while their interface may still be there: addresses to lease last. */
  readonly lingering: Map<number, Lingering>;
  /** Released before they were detached: what detach must still take back. */
  readonly departed: Map<string, { endpoints: EndpointRow[]; ports: PortRow[] }>;
  readonly flows: FlowSweep;
  readonly zones: Zones;
  /** Of the sandboxes that have names, by container. */
  readonly nameServers: Map<string, NameServer>;
  /** The id of the default bridge network, which has no names; '' when there is none. */
  readonly predefined: string;
  readonly events: Pick<Events, 'record'>;
  /** Waits until all commits so far survive a power cut. */
  durable(): Promise<void>;
  /** One at a time makes or removes networks. */
  readonly changes: Semaphore;
  /** Containers that asked for settings of their interfaces: the others are not looked up. */
  readonly tuned: Set<string>;
  /** Detached, not yet released. */
  readonly detached: Set<string>;
  /** The last ephemeral port handed out. */
  cursor: number;
}

export interface Lingering {
  link: string;
}

/** The names of an engine's things in the kernel. */
export interface Names {
  /** The default bridge. */
  readonly bridge: string;
  /** The beginning of every other bridge's name; the network's id follows. */
  readonly ownBridge: string;
  /** The nft table in the family inet. */
  readonly table: string;
  /** The beginning of every host-side link's name. */
  readonly link: string;
  /** What an interface's alias begins with; the endpoint's id follows. */
  readonly alias: string;
}

/** `mark`: '' for the default data root, else six hex digits (see ARCHITECTURE: names in the kernel). */
export function namesOf(mark: string): Names {
  const suffix = mark === '' ? '' : `-${mark}`;
  return {
    bridge: mark === '' ? 'gantry0' : `gantry-${mark}`,
    // Docker: tools look for a network's bridge under this name.
    ownBridge: mark === '' ? 'br-' : `gb${mark}`,
    table: mark === '' ? 'gantry' : `gantry_${mark}`,
    link: `gv${mark}`,
    alias: `gantry${suffix}:`,
  };
}

const LINK_ID = { marked: 7, unmarked: 9 };

const LONGEST_NAME = 15;

/** The name of a network's bridge, when the user gives none. */
export const bridgeName = ({ ownBridge }: Names, networkId: string): string =>
  ownBridge + networkId.slice(0, LONGEST_NAME - ownBridge.length);

/** The name of an endpoint's link on the host: at most 15 characters. */
export function linkName({ link }: Names, endpointId: string): string {
  return link + endpointId.slice(0, link.length > 2 ? LINK_ID.marked : LINK_ID.unmarked);
}

/** Whether a link is one of this engine's endpoints, by its name. */
export function isOwnLink({ link }: Names, name: string): boolean {
  const rest = name.slice(link.length);
  const length = link.length > 2 ? LINK_ID.marked : LINK_ID.unmarked;
  return name.startsWith(link) && rest.length === length && /^[0-9a-f]+$/.test(rest);
}
