import type { IPAM } from '#api';
import type { Context } from './context.ts';
import type { DriverOptions } from './driver-options.ts';
import { parseDriverOptions } from './driver-options.ts';
import type { NetworkRow } from './store.ts';

/** What was asked for when a network of the user's own was made, and what came of it; kept as JSON. */
export interface NetworkRecord {
  /** As inspect shows it. */
  ipam: IPAM;
  /** The subnets that the user gave: addresses may be asked for in them. */
  configured: string[];
  internal: boolean;
  attachable: boolean;
  /** Absent: true. */
  ipv4?: boolean;
  ipv6: boolean;
  options: Record<string, string>;
  labels: Record<string, string>;
  /** Where containers get addresses, when that is not the whole subnet. */
  range?: string;
  range6?: string;
  /** Addresses that no container gets. */
  reserved: string[];
  reserved6: string[];
  /** The bridge was there before and outlives the network. */
  isForeign: boolean;
  /** It only holds a configuration, and has neither bridge nor members. */
  configOnly?: boolean;
  /** The name of the network that its configuration came from. */
  configFrom?: string;
}

/** A network with a bridge, as the rest of the module sees it: its addresses and its rules. */
export interface Bridge {
  readonly id: string;
  readonly name: string;
  /** The predefined one, which has no names. */
  readonly isDefault: boolean;
  readonly bridge: string;
  /** Of IPv4; undefined in a network without it, as the gateway and the way out. */
  readonly subnet: string | undefined;
  readonly gateway: string | undefined;
  readonly subnet6: string | undefined;
  readonly gateway6: string | undefined;
  /** Where its containers send what leaves it: another address than the bridge's only on the default one, when asked for. */
  readonly way: string | undefined;
  readonly way6: string | undefined;
  /** Where containers get addresses; undefined: in the whole subnet. */
  readonly range: string | undefined;
  readonly range6: string | undefined;
  /** Addresses that no container gets. */
  readonly reserved: readonly string[];
  readonly reserved6: readonly string[];
  readonly internal: boolean;
  readonly icc: boolean;
  readonly masquerade: boolean;
  readonly mtu: number;
  /** Host address of published ports that name none. */
  readonly hostIp: string;
  readonly mode4: DriverOptions['mode4'];
  readonly mode6: DriverOptions['mode6'];
  /** What names of interfaces in containers begin with. */
  readonly prefix: string;
  readonly record: NetworkRecord | undefined;
}

const MTU = 1500;

/** The record of a network of the user's own; undefined for a predefined one. */
export const recordOf = ({ settings }: Pick<NetworkRow, 'settings'>): NetworkRecord | undefined =>
  settings === '' ? undefined : (JSON.parse(settings) as NetworkRecord);

/** A row as a bridge; undefined when it has none: the default one has no subnet before its first start. */
export function asBridge({ config }: Pick<Context, 'config'>, row: NetworkRow | undefined): Bridge | undefined {
  if (!row?.bridge || !((row.subnet && row.gateway) || (row.subnet6 && row.gateway6))) return undefined;
  const { id, name, bridge } = row;
  const record = recordOf(row);
  const own = record ? parseDriverOptions(record.options) : undefined;
  return {
    id,
    name,
    isDefault: record === undefined,
    bridge,
    subnet: row.subnet ?? undefined,
    gateway: row.gateway ?? undefined,
    subnet6: row.subnet6 ?? undefined,
    gateway6: row.gateway6 ?? undefined,
    ...addressing({ config }, row, record),
    internal: record?.internal ?? false,
    icc: own ? own.icc : (config.icc ?? true),
    masquerade: own ? own.masquerade : (config.ipMasq ?? true),
    mtu: own ? own.mtu || MTU : (config.mtu ?? MTU),
    hostIp: own?.hostIp || (config.ip ?? '0.0.0.0'),
    mode4: own?.mode4 ?? 'nat',
    mode6: own?.mode6 ?? 'nat',
    prefix: own?.prefix ?? 'eth',
    record,
  };
}

function addressing({ config }: Pick<Context, 'config'>, row: NetworkRow, record: NetworkRecord | undefined) {
  const { defaultGateway, defaultGateway6, fixedCidr, fixedCidr6 } = record ? {} : config;
  return {
    way: row.gateway ? (defaultGateway ?? row.gateway) : undefined,
    way6: row.gateway6 ? (defaultGateway6 ?? row.gateway6) : undefined,
    range: record?.range ?? fixedCidr,
    range6: record?.range6 ?? fixedCidr6,
    reserved: record?.reserved ?? (defaultGateway ? [defaultGateway] : []),
    reserved6: record?.reserved6 ?? (defaultGateway6 ? [defaultGateway6] : []),
  };
}

/** All networks with a bridge. */
export function allBridges(context: Pick<Context, 'config' | 'rows'>): Bridge[] {
  return context.rows
    .networks()
    .map((row) => asBridge(context, row))
    .filter((bridge) => bridge !== undefined);
}
