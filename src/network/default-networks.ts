import { createHash, randomBytes } from 'node:crypto';
import { invalid } from '#errdefs';
import { asBridge } from './bridge-network.ts';
import type { Context } from './context.ts';
import type { Subnet } from './subnet.ts';
import { chooseSubnet, DEFAULT_POOLS, formatIpv4, formatSubnet, parseCidr, subnetsOf } from './subnet.ts';

const DEFAULTS = [
  { name: 'none', driver: 'null' },
  { name: 'host', driver: 'host' },
  { name: 'bridge', driver: 'bridge' },
] as const;

/** Makes the rows of the three predefined networks; their ids stay for ever. */
export function ensureDefaults({ rows }: Pick<Context, 'rows'>): void {
  rows.tx(() => {
    for (const { name, driver } of DEFAULTS) {
      if (rows.network(name)) continue;
      rows.insertNetwork({ id: randomBytes(32).toString('hex'), name, driver, created: timestamp() });
    }
  });
}

/** Now, as the API writes times (RFC 3339 with nanoseconds, trailing zeros dropped as Go does). */
export function timestamp(): string {
  const nanos = `${new Date().toISOString().slice(20, 23)}${String(process.hrtime.bigint() % 1000000n).padStart(6, '0')}`;
  return `${new Date().toISOString().slice(0, 19)}.${nanos.replace(/0+$/, '')}Z`.replace('.Z', 'Z');
}

/**
 * Gives the default network its subnet: `bip`, or what it had, or the first of the pools that overlaps no route of the
 * host. A changed `bip` takes effect at once unless containers still use the old one; then it is only told.
 */
export async function ensureSubnet(context: Context): Promise<void> {
  const { rows, config, names, kernel, log } = context;
  const network = rows.network('bridge')!;
  const present = asBridge(context, network);
  const wanted = config.bip === undefined ? undefined : parseBip(config.bip);
  if (present && (!wanted || wanted.gateway === present.gateway)) return;
  if (present && rows.members(network.id).length > 0) {
    log.warn('bip takes effect when no container runs on the old subnet', { bip: config.bip, subnet: present.subnet });
    return;
  }
  const chosen = wanted ?? choose(context, await kernel.call('hostRoutes', { except: names.bridge }));
  rows.tx(() => rows.setSubnet(network.id, { bridge: names.bridge, ...chosen }));
}

function parseBip(bip: string): { subnet: string; gateway: string } {
  const parsed = parseCidr(bip);
  if (!parsed || parsed.subnet.prefix > 30) throw invalid(`bip: "${bip}" is no address with a prefix length up to 30`);
  return { subnet: formatSubnet(parsed.subnet), gateway: formatIpv4(parsed.address) };
}

function choose(
  { config, names, rows }: Context,
  routes: readonly { destination: string; prefix: number }[],
): { subnet: string; gateway: string } {
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

/** Engines beside the default one each begin elsewhere in the pools, so that two starting at once hardly ever collide. */
export function firstChoice(
  config: Context['config'],
  { bridge }: Context['names'],
  subnets: readonly Subnet[],
): number {
  if (config.pools || bridge === 'gantry0' || subnets.length === 0) return 0;
  return createHash('sha256').update(bridge).digest().readUInt32BE() % subnets.length;
}
