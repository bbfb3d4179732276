import type { IPAMConfig } from '#api';
import type { Command, CommandInput } from '../command.ts';
import type { FlagValues } from '../flags/flag-values.ts';
import { cut } from '../flags/read-flag.ts';
import type { Session } from '../session.ts';
import { placeInSubnets } from './subnets.ts';

/** Makes a network. */
export const command: Command = {
  usage: '[OPTIONS] NETWORK',
  operands: { least: 1, most: 1 },
  flags: [
    { name: 'attachable', kind: 'bool', usage: 'Enable manual container attachment' },
    {
      name: 'aux-address',
      kind: 'map',
      usage: 'Auxiliary IPv4 or IPv6 addresses used by Network driver',
      shown: 'map[]',
      initial: {},
    },
    { name: 'config-from', kind: 'string', usage: 'The network from which to copy the configuration' },
    { name: 'config-only', kind: 'bool', usage: 'Create a configuration only network' },
    {
      name: 'driver',
      short: 'd',
      kind: 'string',
      usage: 'Driver to manage the Network',
      initial: 'bridge',
      shown: '"bridge"',
    },
    { name: 'gateway', kind: 'strings', usage: 'IPv4 or IPv6 Gateway for the master subnet' },
    { name: 'ingress', kind: 'bool', usage: 'Create swarm routing-mesh network' },
    { name: 'internal', kind: 'bool', usage: 'Restrict external access to the network' },
    { name: 'ip-range', kind: 'strings', usage: 'Allocate container ip from a sub-range' },
    {
      name: 'ipam-driver',
      kind: 'string',
      usage: 'IP Address Management Driver',
      initial: 'default',
      shown: '"default"',
    },
    { name: 'ipam-opt', kind: 'map', usage: 'Set IPAM driver specific options', shown: 'map[]', initial: {} },
    { name: 'ipv4', kind: 'bool', usage: 'Enable or disable IPv4 address assignment', initial: true, shown: 'true' },
    { name: 'ipv6', kind: 'bool', usage: 'Enable or disable IPv6 address assignment' },
    { name: 'label', kind: 'list', usage: 'Set metadata on a network' },
    { name: 'opt', short: 'o', kind: 'map', usage: 'Set driver specific options', shown: 'map[]', initial: {} },
    { name: 'scope', kind: 'string', usage: "Control the network's scope" },
    { name: 'subnet', kind: 'strings', usage: 'Subnet in CIDR format that represents a network segment' },
  ],
  run,
};

async function run(session: Session, { flags, operands }: CommandInput): Promise<number> {
  const { Id, Warning } = await session.client.networks.create({
    Name: operands[0]!,
    Driver: flags.text('driver'),
    Scope: flags.text('scope'),
    ...(flags.changed('ipv4') && { EnableIPv4: flags.bool('ipv4') }),
    ...(flags.changed('ipv6') && { EnableIPv6: flags.bool('ipv6') }),
    IPAM: { Driver: flags.text('ipam-driver'), Options: flags.map('ipam-opt'), Config: ipamOf(flags) },
    Internal: flags.bool('internal'),
    Attachable: flags.bool('attachable'),
    Ingress: flags.bool('ingress'),
    ConfigOnly: flags.bool('config-only'),
    ...(flags.text('config-from') !== '' && { ConfigFrom: { Network: flags.text('config-from') } }),
    Options: flags.map('opt'),
    Labels: Object.fromEntries(flags.list('label').map((label) => cut(label, '='))),
  });
  if (Warning) session.err(`WARNING: ${Warning}\n`);
  session.out(`${Id}\n`);
  return 0;
}

function ipamOf(flags: FlagValues): IPAMConfig[] {
  return placeInSubnets({
    subnets: flags.list('subnet'),
    ranges: flags.list('ip-range'),
    gateways: flags.list('gateway'),
    auxiliary: flags.map('aux-address'),
  });
}
