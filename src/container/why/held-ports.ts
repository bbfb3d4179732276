import { deadline } from '#async';
import { findListener } from '#sys';
import type { Context } from '../context.ts';
import type { Container } from '../record.ts';
import type { PortHold } from './facts.ts';

/** Looking through /proc takes a while on a host of many processes. */
const LOOK_MS = 3_000;

/** Who has the ports that a start did not get, as its error names them. */
export async function heldPorts(context: Context, container: Container): Promise<PortHold[]> {
  const found: PortHold[] = [];
  for (const { protocol, hostPort } of namedPorts(container)) {
    found.push({ protocol, hostPort, holder: await holderOf(context, { id: container.id, protocol, hostPort }) });
  }
  return found;
}

/** The bindings with a port that the error of the start names. */
function namedPorts({ error, spec }: Container): { protocol: string; hostPort: number }[] {
  const [, text] = /(?:Bind for |bind host port for )\S*?:(\d+)[: ]/.exec(error) ?? [];
  const hostPort = Number(text);
  return Object.entries(spec.hostConfig.PortBindings ?? {})
    .filter(([, bindings]) => bindings?.some(({ HostPort }) => includes(HostPort, hostPort)))
    .map(([port]) => ({ protocol: port.split('/')[1] ?? 'tcp', hostPort }));
}

/** A binding names one port or a range of them. */
function includes(binding: string, port: number): boolean {
  const [from = Number.NaN, to = from] = binding.split('-').map(Number);
  return from <= port && port <= to;
}

async function holderOf(
  { rows, networks }: Context,
  { id, protocol, hostPort }: { id: string; protocol: string; hostPort: number },
): Promise<string | undefined> {
  const other = networks.portHolders(protocol, hostPort).find((holder) => holder !== id);
  if (other !== undefined) return `container ${rows.get(other)?.name ?? other}`;
  if (protocol !== 'tcp' && protocol !== 'udp') return undefined;
  const search = findListener(protocol, hostPort);
  const listener = await deadline(search, LOOK_MS, 'not found in time').catch(() => undefined);
  return listener && `process ${listener.command} (pid ${listener.pid}) of the host`;
}
