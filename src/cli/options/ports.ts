import { goQuote } from '#template/quote';
import { canonicalIp } from './address.ts';

/** Ports as the API takes them. */
export interface PublishedPorts {
  exposed: Record<string, Record<string, never>>;
  bindings: Record<string, { HostIp: string; HostPort: string }[]>;
}

/** Reads all of `-p` and `--expose`; throws with Docker's texts. */
export function readPorts(publish: readonly string[], expose: readonly string[]): PublishedPorts {
  const ports: PublishedPorts = { exposed: {}, bindings: {} };
  for (const spec of publish.map(plainNotation)) readSpec(spec, ports);
  for (const text of expose) readExposed(text, ports);
  return ports;
}

// `published=8080,target=80,protocol=tcp` is the same as `8080:80/tcp`.
function plainNotation(spec: string): string {
  if (!spec.includes('=')) return spec;
  const parts: Record<string, string> = { protocol: 'tcp' };
  for (const part of spec.split(',')) {
    const at = part.indexOf('=');
    if (at <= 0) throw new Error(`invalid publish opts format (should be name=value but got '${part}')`);
    parts[part.slice(0, at)] = part.slice(at + 1);
  }
  return `${parts['published'] ?? ''}:${parts['target'] ?? ''}/${parts['protocol']}`;
}

function readSpec(spec: string, { exposed, bindings }: PublishedPorts): void {
  const { ip, host, inside, protocol } = splitSpec(spec);
  const [first, last] = attempt(inside, `invalid containerPort: ${inside}`);
  const [hostFirst, hostLast] = host === '' ? [0, 0] : attempt(host, `invalid hostPort: ${host}`);
  if (host !== '' && last - first !== hostLast - hostFirst && last !== first) {
    throw new Error(`invalid ranges specified for container and host Ports: ${inside} and ${host}`);
  }
  for (let port = first; port <= last; port += 1) {
    const key = `${port}/${protocol}`;
    exposed[key] = {};
    // Docker: several host ports for one inside mean any of them.
    const several = first === last && hostFirst !== hostLast ? `-${hostLast}` : '';
    const outside = host === '' ? '' : `${hostFirst + port - first}${several}`;
    bindings[key] = [...(bindings[key] ?? []), { HostIp: ip, HostPort: outside }];
  }
}

function splitSpec(spec: string): { ip: string; host: string; inside: string; protocol: string } {
  const parts = spec.split(':');
  const host = parts.length > 1 ? (parts.at(-2) ?? '') : '';
  const given = parts.slice(0, -2).join(':');
  const [inside, protocol] = splitProtocol(parts.at(-1) ?? '');
  if (inside === '') throw new Error(`no port specified: ${spec}<empty>`);
  if (!['tcp', 'udp', 'sctp'].includes(protocol.toLowerCase()))
    throw new Error(`invalid proto: ${protocol.toLowerCase()}`);
  const ip = given.replace(/^\[(.*)\]$/, '$1');
  if (given.startsWith('[') && !given.endsWith(']')) {
    throw new Error(`invalid IP address ${given}: address ${given}:: missing ']' in address`);
  }
  if (ip !== '' && canonicalIp(ip) === undefined) throw new Error(`invalid IP address: ${ip}`);
  return { ip, host, inside, protocol: protocol.toLowerCase() };
}

function splitProtocol(text: string): [string, string] {
  const slash = text.indexOf('/');
  if (slash < 0) return [text, text === '' ? '' : 'tcp'];
  return slash === 0 ? ['', ''] : [text.slice(0, slash), text.slice(slash + 1) || 'tcp'];
}

function readExposed(text: string, { exposed }: PublishedPorts): void {
  if (text.includes(':')) throw new Error(`invalid port format for --expose: ${text}`);
  const [ports, protocol] = splitProtocol(text);
  let range: [number, number];
  try {
    range = portRange(ports);
  } catch (error) {
    throw new Error(`invalid range format for --expose: ${text}, error: ${(error as Error).message}`);
  }
  for (let port = range[0]; port <= range[1]; port += 1) exposed[`${port}/${protocol}`] ??= {};
}

function attempt(text: string, message: string): [number, number] {
  try {
    return portRange(text);
  } catch {
    throw new Error(message);
  }
}

function portRange(text: string): [number, number] {
  if (text === '') throw new Error('empty string specified for ports');
  const dash = text.indexOf('-');
  const first = port(dash < 0 ? text : text.slice(0, dash));
  const last = dash < 0 ? first : port(text.slice(dash + 1));
  if (last < first) throw new Error(`invalid range specified for port: ${text}`);
  return [first, last];
}

function port(text: string): number {
  if (!/^\d+$/.test(text)) throw new Error(`strconv.ParseUint: parsing ${goQuote(text)}: invalid syntax`);
  if (Number(text) > 65535) throw new Error(`strconv.ParseUint: parsing ${goQuote(text)}: value out of range`);
  return Number(text);
}
