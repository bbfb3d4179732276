import type { PortBinding, PortMap } from '#api';
import { goQuote } from '#template/quote';
import type { Command } from '../command.ts';
import { joinHostPort } from '../format/text.ts';

/** Shows where the ports of a container are published. */
export const command: Command = {
  usage: 'CONTAINER [PRIVATE_PORT[/PROTO]]',
  operands: { least: 1, most: 2 },
  flags: [],
  run: async (session, { operands: [name = '', port] }) => {
    const { NetworkSettings } = await session.client.containers.inspect(name);
    session.out(port === undefined ? all(NetworkSettings.Ports) : one(NetworkSettings.Ports, { name, port }));
    return 0;
  },
};

function all(ports: PortMap): string {
  const lines = Object.entries(ports ?? {}).flatMap(([from, bindings]) =>
    (bindings ?? []).map((binding) => `${from} -> ${address(binding)}\n`),
  );
  return lines.sort(byNumber).join('');
}

/** By the port and its protocol; the addresses of one stay as they are. */
function byNumber(a: string, b: string): number {
  const [x = '', y = ''] = [a, b].map((line) => line.split(' ')[0]!);
  return Number.parseInt(x, 10) - Number.parseInt(y, 10) || (x < y ? -1 : Number(x > y));
}

function one(ports: PortMap, { name, port }: { name: string; port: string }): string {
  const [number = '', protocol] = port.split('/');
  const reason = !/^\d+$/.test(number) ? 'invalid syntax' : Number(number) > 65_535 ? 'value out of range' : '';
  if (reason)
    throw new Error(`Error: invalid port (${number}): strconv.ParseUint: parsing ${goQuote(number)}: ${reason}`);
  const bindings = ports?.[`${Number(number)}/${protocol || 'tcp'}`];
  if (!bindings?.length) throw new Error(`Error: No public port '${port}' published for ${name}`);
  return bindings.map((binding) => `${address(binding)}\n`).join('');
}

const address = ({ HostIp, HostPort }: PortBinding): string => joinHostPort(HostIp, HostPort);
