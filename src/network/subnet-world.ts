import { createHash } from 'node:crypto';
import type { SubnetWorld } from './choose-subnets.ts';
import type { Context } from './context.ts';
import type { Subnet } from './subnet.ts';
import { DEFAULT_POOLS, parseCidr, subnetsOf } from './subnet.ts';
import { parseCidr6 } from './subnet6.ts';

/** What a choice of subnets has to respect. */
export async function look({ rows, kernel, config, names }: Context): Promise<SubnetWorld> {
  const networks = rows.networks();
  const pools = config.pools ?? DEFAULT_POOLS;
  const routes = await kernel.call('hostRoutes', { except: '' });
  return {
    pools,
    own: {
      four: networks.map(({ subnet }) => parseCidr(subnet ?? '')?.subnet).filter((subnet) => subnet !== undefined),
      six: networks.map(({ subnet6 }) => parseCidr6(subnet6 ?? '')?.subnet).filter((subnet) => subnet !== undefined),
    },
    routed: routes
      .map(({ destination, prefix }) => parseCidr(`${destination}/${prefix}`)?.subnet)
      .filter((subnet) => subnet !== undefined),
    start: firstChoice(config, names, subnetsOf(pools)),
    base6: uniqueLocalBase((rows.network('bridge') ?? rows.network('none'))!.id),
  };
}

/** The engine's own part of the unique local addresses (RFC 4193): 40 bits that no other engine is likely to have. */
function uniqueLocalBase(seed: string): bigint {
  const bits = createHash('sha256').update(seed).digest().readUIntBE(0, 5);
  return ((0xfdn << 40n) | BigInt(bits)) << 80n;
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
