import type { Log } from '#log';
import type { FlowSweep } from './flow-sweep.ts';
import type { Kernel } from './kernel/kernel.ts';
import type { EndpointRow, NetworkRow, NetworkStore, PortRow } from './store.ts';
import type { AddressPool } from './subnet.ts';

/** The daemon's settings for networks, under daemon.json's names; what is absent has Docker's default. */
export interface NetworkConfig {
  /** Address and prefix of the default bridge. */
  bip?: string;
  mtu?: number;
  icc?: boolean;
  /** Host address of published ports that name none. */
  ip?: string;
  ipForward?: boolean;
  ipMasq?: boolean;
  /** false: no firewall rules are made at all. */
  iptables?: boolean;
  pools?: readonly AddressPool[];
  hostGatewayIps?: readonly string[];
  dns?: { servers?: readonly string[]; options?: readonly string[]; search?: readonly string[] };
}

/** What the verbs of this module share. */
export interface Context {
  readonly rows: NetworkStore;
  readonly kernel: Kernel;
  readonly log: Log;
  readonly config: NetworkConfig;
  readonly names: Names;
  /** The process in each attached sandbox, as told by attach; lost with the daemon. */
  readonly pids: Map<string, number>;
  /** Released while their interface may still be there: addresses to lease last. */
  readonly lingering: Map<number, Lingering>;
  /** Released before they were detached: what detach must still take back. */
  readonly departed: Map<string, { endpoints: EndpointRow[]; ports: PortRow[] }>;
  readonly flows: FlowSweep;
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
  readonly bridge: string;
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
    table: mark === '' ? 'gantry' : `gantry_${mark}`,
    link: `gv${mark}`,
    alias: `gantry${suffix}:`,
  };
}

const LINK_ID = { marked: 7, unmarked: 9 };

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

export type BridgeNetwork = NetworkRow & { bridge: string; subnet: string; gateway: string };

/** A network that has a bridge with a subnet: the default one has none before its first start. */
export function asBridge(row: NetworkRow | undefined): BridgeNetwork | undefined {
  return row?.bridge && row.subnet && row.gateway ? (row as BridgeNetwork) : undefined;
}
