/** IPv4 subnets as values. Pure. */
export interface Subnet {
  /** The network's address as an integer. */
  first: number;
  prefix: number;
}

/** An address as an integer, or undefined when the text is not four decimal numbers. */
export function parseIpv4(text: string): number | undefined {
  if (!/^(\d{1,3}\.){3}\d{1,3}$/.test(text)) return undefined;
  const parts = text.split('.');
  if (parts.some((part) => Number(part) > 255 || (part.length > 1 && part.startsWith('0')))) return undefined;
  return parts.reduce((sum, part) => sum * 256 + Number(part), 0);
}

export function formatIpv4(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
}

/** Address and subnet of `172.17.0.1/16`; undefined when it is not one. */
export function parseCidr(text: string): { address: number; subnet: Subnet } | undefined {
  const [left, right, rest] = text.split('/');
  const address = parseIpv4(left ?? '');
  if (address === undefined || rest !== undefined || !/^\d{1,2}$/.test(right ?? '') || Number(right) > 32)
    return undefined;
  const prefix = Number(right);
  return { address, subnet: { first: address - (address % size(prefix)), prefix } };
}

export const formatSubnet = ({ first, prefix }: Subnet): string => `${formatIpv4(first)}/${prefix}`;

/** How many addresses a prefix leaves. */
export const size = (prefix: number): number => 2 ** (32 - prefix);

/** The last address, for broadcasts. */
export const lastOf = ({ first, prefix }: Subnet): number => first + size(prefix) - 1;

export const overlaps = (a: Subnet, b: Subnet): boolean => a.first <= lastOf(b) && b.first <= lastOf(a);

export interface AddressPool {
  base: string;
  size: number;
}

/** Docker's pools for networks that name no subnet. */
export const DEFAULT_POOLS: readonly AddressPool[] = [
  { base: '172.17.0.0/16', size: 16 },
  { base: '172.18.0.0/16', size: 16 },
  { base: '172.19.0.0/16', size: 16 },
  { base: '172.20.0.0/14', size: 16 },
  { base: '172.24.0.0/14', size: 16 },
  { base: '172.28.0.0/14', size: 16 },
  { base: '192.168.0.0/16', size: 20 },
];

/** The subnets of the pools, in order; a pool whose base is no subnet has none. */
export function subnetsOf(pools: readonly AddressPool[]): Subnet[] {
  return pools.flatMap((pool) => {
    const base = parseCidr(pool.base)?.subnet;
    if (!base || pool.size < base.prefix || pool.size > 30) return [];
    const count = 2 ** (pool.size - base.prefix);
    return Array.from({ length: count }, (_, n) => ({ first: base.first + n * size(pool.size), prefix: pool.size }));
  });
}

/** The first subnet that overlaps nothing taken, looking from the place `start` on and round; undefined when all do. */
export function chooseSubnet(subnets: readonly Subnet[], taken: readonly Subnet[], start = 0): Subnet | undefined {
  const turned = subnets.map((_, n) => subnets[(start + n) % subnets.length]!);
  return turned.find((subnet) => !taken.some((other) => overlaps(subnet, other)));
}
