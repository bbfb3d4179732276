import { internal } from '#errdefs';
import type { Context } from './context.ts';
import type { Container } from './record.ts';
import { hasProcess } from './record.ts';
import type { Link } from './store.ts';

interface Port {
  readonly number: number;
  readonly protocol: string;
}

/** What a container on the default bridge is told of those it is linked to: variables as Docker's old links have them. */
export function linkEnvironment(context: Context, container: Container): string[] {
  return linksFrom(context, container).flatMap(({ full, linkedId }) => {
    const other = context.rows.get(linkedId)!;
    if (!hasProcess(other)) throw internal(`Cannot link to a non running container: /${other.name} AS ${full}`);
    const place = context.networks.settings(other.id).Networks.bridge;
    if (!place) throw internal(`container ${other.id} not attached to default bridge network`);
    const { ExposedPorts, Env } = other.spec.config;
    return linkVariables({ full, ip: place.IPAddress, ports: Object.keys(ExposedPorts ?? {}), env: Env ?? [] });
  });
}

/** Docker: links of the default bridge are shown by full names, while who they lead to is there. */
export function shownLinks(context: Pick<Context, 'rows'>, container: Container): string[] | null {
  const { Links, NetworkMode } = container.spec.hostConfig;
  if (!Links?.length || NetworkMode !== 'bridge') return Links;
  const shown = linksFrom(context, container).map(
    ({ full, linkedId }) => `/${context.rows.get(linkedId)!.name}:${full}`,
  );
  return shown.length > 0 ? shown : null;
}

/** The links that a container was made with and that are left, by their full names `/container/alias`. */
function linksFrom({ rows }: Pick<Context, 'rows'>, { name, spec }: Container): { full: string; linkedId: string }[] {
  if (!spec.hostConfig.Links?.length) return [];
  const links = rows.links().filter(({ container }) => container === name);
  return links.map(({ alias, linkedId }) => ({ full: `/${name}/${alias}`, linkedId }));
}

/** The names that a container has of links to it. */
export function linkedNames(links: readonly Link[], id: string): string[] {
  return links.filter(({ linkedId }) => linkedId === id).map(({ container, alias }) => `/${container}/${alias}`);
}

/** `full`: `/container/alias`. Each port has its variables; neighbours of one protocol are told as a range too. */
export function linkVariables({
  full,
  ip,
  ports,
  env,
}: {
  full: string;
  ip: string;
  ports: readonly string[];
  env: readonly string[];
}): string[] {
  const prefix = full.replace(/^.*\//, '').toUpperCase().replaceAll('-', '_');
  const [first, ...others] = ports.map(portOf).sort(byProtocol);
  return [
    ...(first ? [`${prefix}_PORT=${url(ip, first)}`, ...portVariables(prefix, ip, [first, ...others])] : []),
    `${prefix}_NAME=${full}`,
    ...env.filter((entry) => /^(?!HOME=|PATH=)[^=]*=/.test(entry)).map((entry) => `${prefix}_ENV_${entry}`),
  ];
}

const url = (ip: string, { number, protocol }: Port) => `${protocol}://${ip}:${number}`;

/** Docker: a range follows the variables of the port behind it. */
function portVariables(prefix: string, ip: string, ports: readonly [Port, ...Port[]]): string[] {
  const variables: string[] = [];
  const keyOf = ({ number, protocol }: Port) => `${prefix}_PORT_${number}_${protocol.toUpperCase()}`;
  let [from] = ports;
  let to = from;
  for (const [place, port] of ports.entries()) {
    const key = keyOf(port);
    variables.push(`${key}=${url(ip, port)}`, `${key}_ADDR=${ip}`, `${key}_PORT=${port.number}`);
    variables.push(`${key}_PROTO=${port.protocol}`);
    if (port.number === to.number + 1 && port.protocol === to.protocol) {
      to = port;
      if (place < ports.length - 1) continue;
    }
    if (to !== from) {
      const range = keyOf(from);
      variables.push(`${range}_START=${url(ip, from)}`, `${range}_PORT_START=${from.number}`);
      variables.push(`${range}_END=${url(ip, to)}`, `${range}_PORT_END=${to.number}`);
    }
    from = port;
    to = port;
  }
  return variables;
}

function portOf(key: string): Port {
  const [number, protocol = 'tcp'] = key.split('/');
  return { number: Number(number), protocol };
}

function byProtocol(a: Port, b: Port): number {
  if (a.protocol === b.protocol) return a.number - b.number;
  const isFirst = a.protocol === 'tcp' || (b.protocol !== 'tcp' && a.protocol < b.protocol);
  return isFirst ? -1 : 1;
}
