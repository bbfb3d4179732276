import { isIPv6, SocketAddress } from 'node:net';

/** IPv6 subnets as values. Pure. */
export interface Subnet6 {
  /** The network's address as an integer. */
  first: bigint;
  prefix: number;
}

const BITS = 128;

/** An address as an integer; undefined when the text is none, or has a zone. */
export function parseIpv6(text: string): bigint | undefined {
  if (!isIPv6(text) || text.includes('%')) return undefined;
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text);
  const plain = dotted ? `${dotted[1]!}${hex(dotted[2]!, dotted[3]!)}:${hex(dotted[4]!, dotted[5]!)}` : text;
  const [left = '', right] = plain.split('::');
  const head = groups(left);
  const tail = groups(right ?? '');
  const zeros = Array<string>(8 - head.length - tail.length).fill('0');
  return [...head, ...zeros, ...tail].reduce((sum, group) => sum * 65_536n + BigInt(`0x${group}`), 0n);
}

const hex = (high: string, low: string) => (Number(high) * 256 + Number(low)).toString(16);
const groups = (text: string) => (text === '' ? [] : text.split(':'));

/** The shortest text of an address (RFC 5952). */
export function formatIpv6(address: bigint): string {
  const digits = address.toString(16).padStart(32, '0').match(/.{4}/g)!;
  return new SocketAddress({ family: 'ipv6', address: digits.join(':') }).address;
}

/** Address and subnet of `fd00::1/64`; undefined when it is not one. */
export function parseCidr6(text: string): { address: bigint; subnet: Subnet6 } | undefined {
  const [left, right, rest] = text.split('/');
  const address = parseIpv6(left ?? '');
  if (address === undefined || rest !== undefined || !/^\d{1,3}$/.test(right ?? '') || Number(right) > BITS)
    return undefined;
  const prefix = Number(right);
  return { address, subnet: { first: address - (address % size6(prefix)), prefix } };
}

export const formatSubnet6 = ({ first, prefix }: Subnet6): string => `${formatIpv6(first)}/${prefix}`;

/** How many addresses a prefix leaves. */
export const size6 = (prefix: number): bigint => 1n << BigInt(BITS - prefix);

export const lastOf6 = ({ first, prefix }: Subnet6): bigint => first + size6(prefix) - 1n;

export const overlaps6 = (a: Subnet6, b: Subnet6): boolean => a.first <= lastOf6(b) && b.first <= lastOf6(a);

/** The lowest address from `from` to `to` that is not taken; undefined when all are. */
export function lowestFree6(taken: ReadonlySet<bigint>, from: bigint, to: bigint): bigint | undefined {
  for (let address = from; address <= to; address++) if (!taken.has(address)) return address;
  return undefined;
}
