import type { Element } from '../firewall/elements.ts';
import type { Accept } from '../firewall/foreign.ts';

/** A link with less has no IPv6, and cannot be told about it. */
export const IPV6_MTU = 1280;

/** The code of an attach that failed because there is no such bridge. */
export const BRIDGE_GONE = 'EBRIDGEGONE';

/** Elements of our table to remove and to add, in one transaction. */
export interface ElementChange {
  table: string;
  remove: Element[];
  add: Element[];
}

export interface AttachRequest {
  /** A process in the sandbox's network namespace. */
  pid: number;
  link: string;
  alias: string;
  bridge: string;
  /** Its name in the sandbox. */
  interface: string;
  mtu: number;
  mac: string;
  /** Given in networks with IPv4. */
  four?: { address: string; prefix: number };
  /** Given where the sandbox's default route leads through this interface. */
  gateway?: string;
  /** Given in networks with IPv6. */
  six?: { address: string; prefix: number };
  gateway6?: string;
  /** Further addresses that are valid on this link only. */
  linkLocal: { address: string; prefix: number }[];
  /** Settings of the interface, below /proc/sys/net. */
  sysctls: { path: string; value: string }[];
  /** Keep this container from its neighbours on the bridge (`icc=false`). */
  apart: boolean;
  publish: ElementChange;
}

/** Flows of these addresses, or of all in the subnet but these. */
export type FlowFilter = { addresses: string[] } | { subnet: string; except: string[] };

export interface BridgeRequest {
  name: string;
  /** Absent: the bridge is somebody else's. */
  alias?: string;
  four?: { address: string; prefix: number };
  six?: { address: string; prefix: number };
  mtu: number;
}

/** The default routes of a sandbox: which of its interfaces they leave by, and through whom; absent ones are left alone. */
export interface RouteRequest {
  pid: number;
  four?: { interface: string; gateway: string };
  six?: { interface: string; gateway: string };
}

export interface HostRoute {
  destination: string;
  prefix: number;
}

export interface StaleLink {
  name: string;
  alias: string;
  master: number;
}

/** The operations of the net worker: name → what it takes and gives. */
export interface Operations {
  attach: { takes: AttachRequest; gives: undefined };
  loopback: { takes: { pid: number }; gives: undefined };
  publish: { takes: ElementChange; gives: undefined };
  /** Waits beside the others: it may take long. */
  forgetFlows: { takes: FlowFilter; gives: undefined };
  ensureBridge: { takes: BridgeRequest; gives: { created: boolean; index: number } };
  listLinks: { takes: undefined; gives: StaleLink[] };
  joinBridge: { takes: { bridge: string; links: string[] }; gives: undefined };
  deleteLinks: { takes: string[]; gives: undefined };
  hostRoutes: { takes: { except: string }; gives: HostRoute[] };
  isForwarding: { takes: undefined; gives: boolean };
  forward: { takes: undefined; gives: undefined };
  isForwarding6: { takes: undefined; gives: boolean };
  forward6: { takes: undefined; gives: undefined };
  route: { takes: RouteRequest; gives: undefined };
  /** Runs a whole nft text as one transaction. */
  render: { takes: { text: string }; gives: undefined };
  /** Keeps our accepts in foreign chains from now on and watches over our table. */
  guard: { takes: { table: string; bridges: string[] }; gives: Accept[] };
  /** Removes our accepts and stops watching. */
  unguard: { takes: undefined; gives: undefined };
}

export type OperationName = keyof Operations;

export interface Call {
  id: number;
  name: OperationName;
  argument: unknown;
}

/** What the worker says: answers, and news by itself. */
export type Reply =
  | { id: number; result: unknown }
  | { id: number; error: { message: string; code?: string } }
  | { news: 'table-damaged' }
  | { news: 'accepts-placed'; accepts: Accept[] }
  | { news: 'guard-failed'; message: string }
  | { news: 'worker-lost'; message: string };
