import type { Command } from '../command.ts';
import type { FlagValues } from '../flags/flag-values.ts';
import { cut } from '../flags/read-flag.ts';

/** Gives a container a place in a network. */
export const command: Command = {
  usage: '[OPTIONS] NETWORK CONTAINER',
  operands: { least: 2, most: 2 },
  flags: [
    { name: 'alias', kind: 'strings', usage: 'Add network-scoped alias for the container' },
    { name: 'driver-opt', kind: 'strings', usage: 'driver options for the network' },
    {
      name: 'gw-priority',
      kind: 'int',
      usage: 'Highest gw-priority provides the default gateway. Accepts positive and negative values.',
    },
    { name: 'ip', kind: 'string', usage: 'IPv4 address (e.g., "172.30.100.104")' },
    { name: 'ip6', kind: 'string', usage: 'IPv6 address (e.g., "2001:db8::33")' },
    { name: 'link', kind: 'list', usage: 'Add link to another container' },
    { name: 'link-local-ip', kind: 'strings', usage: 'Add a link-local address for the container' },
  ],
  run: async (session, { flags, operands }) => {
    const [network, Container] = operands as [string, string];
    await session.client.networks.connect(network, { Container, EndpointConfig: endpointOf(flags) } as never);
    return 0;
  },
};

function endpointOf(flags: FlagValues): object {
  const addresses = {
    ...(flags.text('ip') !== '' && { IPv4Address: flags.text('ip') }),
    ...(flags.text('ip6') !== '' && { IPv6Address: flags.text('ip6') }),
    ...(flags.list('link-local-ip').length > 0 && { LinkLocalIPs: flags.list('link-local-ip') }),
  };
  return {
    IPAMConfig: addresses,
    Links: flags.list('link'),
    Aliases: flags.list('alias'),
    DriverOpts: Object.fromEntries(flags.list('driver-opt').map((option) => cut(option, '='))),
    GwPriority: flags.number('gw-priority'),
  };
}
