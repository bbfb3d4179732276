import { BlockList, isIP } from 'node:net';
import type { IPAMConfig } from '#api';

interface Given {
  readonly subnets: readonly string[];
  readonly ranges: readonly string[];
  readonly gateways: readonly string[];
  readonly auxiliary: Readonly<Record<string, string>>;
}

/** Each range, gateway and auxiliary address put with the subnet that holds it; Docker's errors for those without one. */
export function placeInSubnets({ subnets, ranges, gateways, auxiliary }: Given): IPAMConfig[] {
  if (subnets.length < ranges.length || subnets.length < gateways.length) {
    throw new Error('every ip-range or gateway must have a corresponding subnet');
  }
  const configs = subnets.map((Subnet): IPAMConfig => ({ Subnet }));
  assertApart(subnets);
  const home = (text: string) => configs.find(({ Subnet }) => holds(Subnet!, text.split('/')[0]!));
  for (const range of ranges) {
    const config = home(range);
    if (!config) throw new Error(`no matching subnet for range ${range}`);
    if (config.IPRange)
      throw new Error(
        `cannot configure multiple ranges (${range}, ${config.IPRange}) on the same subnet (${config.Subnet})`,
      );
    config.IPRange = range;
  }
  for (const gateway of gateways) {
    const config = home(gateway);
    if (!config) throw new Error(`no matching subnet for gateway ${gateway}`);
    if (config.Gateway)
      throw new Error(
        `cannot configure multiple gateways (${gateway}, ${config.Gateway}) for the same subnet (${config.Subnet})`,
      );
    config.Gateway = gateway;
  }
  for (const [name, address] of Object.entries(auxiliary)) {
    const config = home(address);
    if (!config) throw new Error(`no matching subnet for aux-address ${address}`);
    config.AuxiliaryAddresses = { ...config.AuxiliaryAddresses, [name]: address };
  }
  return configs;
}

function assertApart(subnets: readonly string[]): void {
  for (const [at, one] of subnets.entries()) {
    for (const other of subnets.slice(0, at)) {
      const [first, second] = [one.split('/')[0]!, other.split('/')[0]!];
      if (holds(other, first) || holds(one, second))
        throw new Error('multiple overlapping subnet configuration is not supported');
    }
  }
}

function holds(subnet: string, address: string): boolean {
  const [base = '', prefix = ''] = subnet.split('/');
  const family = isIP(base);
  if (family === 0 || isIP(address) !== family) return false;
  const list = new BlockList();
  try {
    list.addSubnet(base, Number(prefix), family === 6 ? 'ipv6' : 'ipv4');
  } catch {
    return false;
  }
  return list.check(address, family === 6 ? 'ipv6' : 'ipv4');
}
