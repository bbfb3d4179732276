import { invalid } from '#errdefs';
import { asBridge } from './bridge-network.ts';
import { chooseSix } from './choose-subnets.ts';
import type { Context, NetworkConfig } from './context.ts';
import { addressOf, parseBlock } from './ipam-config.ts';
import { chooseSubnet, DEFAULT_POOLS, formatIpv4, formatSubnet, parseCidr, subnetsOf } from './subnet.ts';
import { firstChoice, look } from './subnet-world.ts';
import { formatIpv6 } from './subnet6.ts';

interface Side {
  readonly subnet: string;
  /** The bridge's own address. */
  readonly gateway: string;
}

/** What the settings say of one family, under the names they have. */
interface Wish {
  readonly family: 4 | 6;
  readonly bip: readonly [name: string, value: string | undefined];
  readonly range: readonly [name: string, value: string | undefined];
  readonly way: readonly [name: string, value: string | undefined];
}

/**
 * Gives the default network its subnets: those of the settings, or what it had, or the first of the pools that overlaps no
 * route of the host. Changed settings take effect at once unless containers still use the old subnets; then it is only told.
 */
export async function ensureSubnet(context: Context): Promise<void> {
  const { rows, config, names, log } = context;
  if (config.noBridge) return;
  const network = rows.network('bridge')!;
  const present = asBridge(context, network);
  const [wish, wish6] = wishesOf(config);
  const side = present?.subnet && present.gateway ? { subnet: present.subnet, gateway: present.gateway } : undefined;
  const side6 =
    present?.subnet6 && present.gateway6 ? { subnet: present.subnet6, gateway: present.gateway6 } : undefined;
  const four = decide(wish, side);
  const six = config.ipv6 ? decide(wish6, side6) : null;
  const isKept = four !== undefined && isSame(four, side) && six !== undefined && isSame(six ?? undefined, side6);
  if (!isKept && present && rows.members(network.id).length > 0) {
    const { bip, fixedCidr, ipv6 } = config;
    const asked = { bip, 'fixed-cidr': fixedCidr, ipv6, subnet: present.subnet };
    log.warn('the settings of the default bridge take effect when no container runs on its old subnet', asked);
    return;
  }
  const chosen = four ?? (await chooseFour(context));
  const chosen6 = six === undefined ? chooseSix([], await look(context)) : six;
  checkWay(wish, chosen);
  if (chosen6) checkWay(wish6, chosen6);
  if (isKept) return;
  const { subnet, gateway } = chosen;
  const row = {
    bridge: names.bridge,
    subnet,
    gateway,
    subnet6: chosen6?.subnet ?? null,
    gateway6: chosen6?.gateway ?? null,
  };
  rows.tx(() => rows.setSubnet(network.id, row));
}

function wishesOf(config: NetworkConfig): [Wish, Wish] {
  const { bip, bip6, fixedCidr, fixedCidr6, defaultGateway, defaultGateway6 } = config;
  return [
    { family: 4, bip: ['bip', bip], range: ['fixed-cidr', fixedCidr], way: ['default-gateway', defaultGateway] },
    {
      family: 6,
      bip: ['bip6', bip6],
      range: ['fixed-cidr-v6', fixedCidr6],
      way: ['default-gateway-v6', defaultGateway6],
    },
  ];
}

const isSame = (a: Side | undefined, b: Side | undefined) => a?.subnet === b?.subnet && a?.gateway === b?.gateway;

/** What the settings say, else what there is; undefined when it is to be chosen. */
function decide(wish: Wish, present: Side | undefined): Side | undefined {
  const range = wish.range[1] === undefined ? undefined : blockOf(wish, wish.range, false);
  if (wish.bip[1] !== undefined) {
    const own = blockOf(wish, wish.bip, true);
    if (range && !isInside(range, own)) {
      throw invalid(`${wish.range[0]}: "${wish.range[1]}" is not a part of ${wish.bip[0]} "${wish.bip[1]}"`);
    }
    return { subnet: own.text, gateway: own.address };
  }
  if (!range) return present;
  const old = present && parseBlock(present.subnet);
  if (old && isInside(range, old)) return present;
  const first = range.first + 1n;
  return { subnet: range.text, gateway: wish.family === 4 ? formatIpv4(Number(first)) : formatIpv6(first) };
}

interface Ends {
  readonly first: bigint;
  readonly last: bigint;
}

const isInside = (part: Ends, whole: Ends) => part.first >= whole.first && part.last <= whole.last;

/** An address with its prefix, or a subnet. */
function blockOf({ family }: Wish, [name, text = '']: Wish['bip'], isAddress: boolean) {
  const block = parseBlock(text);
  const longest = family === 4 ? 30 : 126;
  if (!block || block.family !== family || block.prefix > longest) {
    const what = isAddress ? 'address' : 'subnet';
    throw invalid(`${name}: "${text}" is no IPv${family} ${what} with a prefix length up to ${longest}`);
  }
  return { ...block, address: text.split('/')[0]! };
}

function checkWay({ family, way: [name, text] }: Wish, { subnet }: Side): void {
  if (text === undefined) return;
  const address = addressOf(text);
  const block = parseBlock(subnet)!;
  const isOfFamily = text.includes(':') === (family === 6);
  if (address === undefined || !isOfFamily || address < block.first || address > block.last) {
    throw invalid(`${name}: "${text}" is no address in the subnet ${subnet} of the default bridge`);
  }
}

async function chooseFour({ config, names, rows, kernel }: Context): Promise<Side> {
  const routes = await kernel.call('hostRoutes', { except: names.bridge });
  const subnets = subnetsOf(config.pools ?? DEFAULT_POOLS);
  const own = rows.networks().map(({ subnet }) => parseCidr(subnet ?? '')?.subnet);
  const routed = routes.map(({ destination, prefix }) => parseCidr(`${destination}/${prefix}`)?.subnet);
  const taken = [...own, ...routed].filter((subnet) => subnet !== undefined);
  const found = chooseSubnet(subnets, taken, firstChoice(config, names, subnets));
  if (!found)
    throw invalid(
      'could not find an available, non-overlapping IPv4 address pool among the defaults to assign to the network',
    );
  return { subnet: formatSubnet(found), gateway: formatIpv4(found.first + 1) };
}
