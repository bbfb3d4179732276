import type { IPAMConfig } from '#api';
import { forbidden, internal, invalid } from '#errdefs';
import { addressOf } from './ipam-config.ts';
import type { AddressPool, Subnet } from './subnet.ts';
import { chooseSubnet, formatIpv4, formatSubnet, lastOf, overlaps, parseCidr, subnetsOf } from './subnet.ts';
import type { Subnet6 } from './subnet6.ts';
import { formatIpv6, formatSubnet6, lastOf6, overlaps6, parseCidr6, size6 } from './subnet6.ts';

/** The addresses of one family in a network, as text. */
export interface Addressing {
  subnet: string;
  gateway: string;
  /** Where containers get theirs, when that is not the whole subnet. */
  range?: string;
  /** Never given to a container. */
  reserved: string[];
}

export interface SubnetWorld {
  pools: readonly AddressPool[];
  /** The subnets of this engine's other networks. */
  own: { four: readonly Subnet[]; six: readonly Subnet6[] };
  /** What the host routes already: automatic choices stay away from it. */
  routed: readonly Subnet[];
  /** Where in the pools to begin. */
  start: number;
  /** The /48 of which networks with IPv6 get their part. */
  base6: bigint;
}

const OVERLAP = 'invalid pool request: Pool overlaps with other one on this address space';
const EXHAUSTED = 'all predefined address pools have been fully subnetted';

/** The IPv4 side of a network: as asked for, or the first subnet of the pools that is free. */
export function chooseFour(configs: readonly IPAMConfig[], world: SubnetWorld): Addressing {
  const given = configs.filter(({ Subnet }) => parseCidr(Subnet ?? ''));
  if (given.length > 1) throw forbidden("bridge driver doesn't support multiple subnets");
  if (given[0]) return givenFour(given[0], world);
  const found = chooseSubnet(subnetsOf(world.pools), [...world.own.four, ...world.routed], world.start);
  if (!found) throw invalid(EXHAUSTED);
  return { subnet: formatSubnet(found), gateway: formatIpv4(found.first + 1), reserved: [] };
}

function givenFour(config: IPAMConfig, { own }: SubnetWorld): Addressing {
  const { subnet } = parseCidr(config.Subnet!)!;
  if (own.four.some((other) => overlaps(subnet, other))) throw forbidden(OVERLAP);
  const range = config.IPRange ? parseCidr(config.IPRange)!.subnet : subnet;
  const ends = { first: BigInt(subnet.first), last: BigInt(lastOf(subnet)), isTiny: subnet.prefix > 30 };
  const { gateway, reserved } = place(config, ends, BigInt(range.first));
  return {
    subnet: formatSubnet(subnet),
    gateway: formatIpv4(Number(gateway)),
    ...(config.IPRange ? { range: config.IPRange } : {}),
    reserved: reserved.map((address) => formatIpv4(Number(address))),
  };
}

/** The IPv6 side of a network. */
export function chooseSix(configs: readonly IPAMConfig[], world: SubnetWorld): Addressing {
  const given = configs.filter(({ Subnet }) => parseCidr6(Subnet ?? ''));
  if (given.length > 1) throw forbidden("bridge driver doesn't support multiple subnets");
  if (given[0]) return givenSix(given[0], world);
  for (const subnet of subnets6(world)) {
    if (world.own.six.some((other) => overlaps6(subnet, other))) continue;
    return { subnet: formatSubnet6(subnet), gateway: formatIpv6(subnet.first + 1n), reserved: [] };
  }
  throw invalid(EXHAUSTED);
}

function givenSix(config: IPAMConfig, { own }: SubnetWorld): Addressing {
  const { subnet } = parseCidr6(config.Subnet!)!;
  if (own.six.some((other) => overlaps6(subnet, other))) throw forbidden(OVERLAP);
  const range = config.IPRange ? parseCidr6(config.IPRange)!.subnet : subnet;
  // IPv6 has no broadcast address: the end is one that no address has.
  const ends = { first: subnet.first, last: lastOf6(subnet) + 1n, isTiny: subnet.prefix > 126 };
  const { gateway, reserved } = place(config, ends, range.first);
  return {
    subnet: formatSubnet6(subnet),
    gateway: formatIpv6(gateway),
    ...(config.IPRange ? { range: formatSubnet6(range) } : {}),
    reserved: reserved.map(formatIpv6),
  };
}

/** The gateway first, then the auxiliary addresses, each unlike the others and the ends of the subnet. */
function place(
  { Gateway, AuxiliaryAddresses }: IPAMConfig,
  { first, last, isTiny }: { first: bigint; last: bigint; isTiny: boolean },
  rangeStart: bigint,
): { gateway: bigint; reserved: bigint[] } {
  const taken = new Set(isTiny ? [] : [first, last]);
  const gateway = Gateway ? addressOf(Gateway)! : rangeStart + (taken.has(rangeStart) ? 1n : 0n);
  if (taken.has(gateway)) throw internal(`failed to allocate gateway (${Gateway}): Address already in use`);
  taken.add(gateway);
  const reserved: bigint[] = [];
  for (const [name, text] of Object.entries(AuxiliaryAddresses ?? {})) {
    const address = addressOf(text)!;
    if (taken.has(address)) {
      throw internal(`failed to allocate secondary ip address (${name}:${text}): Address already in use`);
    }
    taken.add(address);
    reserved.push(address);
  }
  return { gateway, reserved };
}

/** The subnets of the IPv6 pools, in order; without a pool the /64 networks of the engine's own /48. */
function* subnets6({ pools, base6 }: SubnetWorld): Generator<Subnet6> {
  const given = pools.flatMap(({ base, size }) => {
    const block = parseCidr6(base)?.subnet;
    return block && size >= block.prefix && size <= 126 ? [{ block, size }] : [];
  });
  const all = given.length > 0 ? given : [{ block: { first: base6, prefix: 48 }, size: 64 }];
  for (const { block, size } of all) {
    for (let first = block.first; first <= lastOf6(block); first += size6(size)) yield { first, prefix: size };
  }
}
