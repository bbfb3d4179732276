import { isIP } from 'node:net';
import type { IPAMConfig } from '#api';
import { invalid } from '#errdefs';
import { formatSubnet, lastOf, parseCidr, parseIpv4 } from './subnet.ts';
import { formatSubnet6, lastOf6, parseCidr6, parseIpv6 } from './subnet6.ts';

/** One subnet of either family, with its ends as integers. */
interface Block {
  family: 4 | 6;
  text: string;
  given: string;
  prefix: number;
  first: bigint;
  last: bigint;
}

/** Refuses subnets, ranges and addresses that do not fit together, in Docker's words, all at once. */
export function checkIpamConfig(configs: readonly IPAMConfig[], { ipv6 }: { ipv6: boolean }): void {
  const problems = configs.flatMap((config) => problemsOf(config, ipv6));
  if (problems.length === 0) return;
  // Docker: a list gets bullets, a single problem none.
  const text = problems.length === 1 ? problems[0] : problems.map((problem) => `* ${problem}`).join('\n');
  throw invalid(`invalid network config:\n${text}`);
}

function problemsOf({ Subnet = '', IPRange, Gateway, AuxiliaryAddresses }: IPAMConfig, ipv6: boolean): string[] {
  const subnet = parseBlock(Subnet);
  if (!subnet) return [`invalid subnet ${Subnet}: invalid CIDR block notation`];
  // Docker: an IPv6 subnet of a network without IPv6 is passed over.
  if (subnet.family === 6 && !ipv6) return [];
  const said = (what: string, problem: string | undefined) => (problem ? [`invalid ${what}: ${problem}`] : []);
  return [
    ...said(`subnet ${Subnet}`, unmasked(subnet)),
    ...said(`ip-range ${IPRange}`, IPRange ? rangeProblem(IPRange, subnet) : undefined),
    ...said(`gateway ${Gateway}`, Gateway ? addressProblem(Gateway, subnet) : undefined),
    ...Object.entries(AuxiliaryAddresses ?? {}).flatMap(([name, address]) =>
      said(`auxiliary address ${name}`, addressProblem(address, subnet)),
    ),
  ];
}

const unmasked = ({ given, text }: Block) => (given === text ? undefined : `it should be ${text}`);

function rangeProblem(text: string, subnet: Block): string | undefined {
  const range = parseBlock(text);
  if (!range) return 'invalid CIDR block notation';
  if (range.family !== subnet.family) return `parent subnet is an IPv${subnet.family} block`;
  if (range.prefix < subnet.prefix) return `CIDR block is bigger than its parent subnet ${subnet.text}`;
  if (range.given !== range.text) return unmasked(range);
  const fits = range.first >= subnet.first && range.last <= subnet.last;
  return fits ? undefined : `parent subnet ${subnet.text} doesn't contain ip-range`;
}

function addressProblem(text: string, subnet: Block): string | undefined {
  const family = isIP(text);
  const address = addressOf(text);
  if (address === undefined) return 'invalid address';
  if (family !== subnet.family) return `parent subnet is an IPv${subnet.family} block`;
  const fits = address >= subnet.first && address <= subnet.last;
  return fits ? undefined : `parent subnet ${subnet.text} doesn't contain this address`;
}

/** An address of either family as an integer. */
export function addressOf(text: string): bigint | undefined {
  const address = parseIpv4(text);
  return address === undefined ? parseIpv6(text) : BigInt(address);
}

/** An address or subnet with its prefix length. */
export function parseBlock(given: string): Block | undefined {
  const four = parseCidr(given);
  if (four) {
    const { subnet } = four;
    const ends = { first: BigInt(subnet.first), last: BigInt(lastOf(subnet)) };
    return { family: 4, given, text: formatSubnet(subnet), prefix: subnet.prefix, ...ends };
  }
  const six = parseCidr6(given);
  if (!six) return undefined;
  const { subnet } = six;
  // However the address was spelled, only its value counts.
  const isNetwork = six.address === subnet.first;
  const text = formatSubnet6(subnet);
  return {
    family: 6,
    given: isNetwork ? text : given,
    text,
    prefix: subnet.prefix,
    first: subnet.first,
    last: lastOf6(subnet),
  };
}
