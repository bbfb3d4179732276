import { isIP } from 'node:net';
import type { PortMap } from '#api';
import { invalid } from '#errdefs';
import { parseIpv4 } from './subnet.ts';

export type PortProtocol = 'tcp' | 'udp' | 'sctp';

/** What a container wants published: one of its ports, at the same host port on each of `hostIps`. */
export interface PortRequest {
  protocol: PortProtocol;
  port: number;
  /** Where a host port for all of them is looked for; `from` 0: anywhere in the host's ephemeral range. */
  from: number;
  to: number;
  hostIps: string[];
}

interface PortConfig {
  exposed: Readonly<Record<string, unknown>> | null | undefined;
  bindings: PortMap | null | undefined;
  publishAll: boolean;
  /** Where a port goes that names no host address: `0.0.0.0` and `::`, or the daemon's `ip`. */
  defaultIps: readonly string[];
}

/** A port of a container: `80/tcp`, `80` is tcp. Docker: what is no number counts as port 0. */
export function parsePort(key: string): { port: number; protocol: PortProtocol } {
  const [number, protocol = 'tcp'] = key.split('/');
  const port = /^\d{1,5}$/.test(number ?? '') ? Number(number) : 0;
  return { port, protocol: protocol.toLowerCase() as PortProtocol };
}

/** A host port or range (`8000-8010`), empty for any; undefined when it is neither. */
export function parsePortRange(text: string): { from: number; to: number } | undefined {
  if (text === '') return { from: 0, to: 0 };
  const found = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  if (!found) return undefined;
  const from = Number(found[1]);
  const to = Number(found[2] ?? found[1]);
  return to < from || to > 65535 ? undefined : { from, to };
}

/** Refuses bindings that no host port can be read from, in Docker's words. */
export function checkBindings(bindings: PortMap | null | undefined): void {
  for (const [key, list] of Object.entries(bindings ?? {})) {
    const number = key.split('/')[0] ?? '';
    if (!parsePortRange(number) || number === '') throw invalid(`invalid port specification: "${number}"`);
    for (const { HostPort } of list ?? []) {
      if (!parsePortRange(HostPort)) throw invalid(`invalid port specification: "${HostPort}"`);
    }
  }
}

/**
 * The requests of a container, those for given host ports first, so that none of them finds its port taken by an
 * ephemeral one. Docker: only exposed ports are published; a host address that is none counts as not given.
 */
export function portRequests({ exposed, bindings, publishAll, defaultIps }: PortConfig): PortRequest[] {
  const requests: PortRequest[] = [];
  for (const key of exposedPorts(exposed)) {
    const { port, protocol } = parsePort(key);
    const given = bindings?.[key] ?? [];
    const list = given.length === 0 && publishAll ? [{ HostIp: '', HostPort: '' }] : given;
    for (const { HostIp, HostPort } of list) {
      const range = parsePortRange(HostPort);
      if (!range) continue;
      const hostIps = isAddress(HostIp) ? [HostIp] : [...defaultIps];
      const partner = requests.find(
        (r) => r.port === port && r.protocol === protocol && r.from === range.from && r.to === range.to,
      );
      // Bindings of one port that differ in the address only get the same host port.
      if (partner && !partner.hostIps.some((ip) => hostIps.includes(ip))) partner.hostIps.push(...hostIps);
      else requests.push({ protocol, port, ...range, hostIps });
    }
  }
  return requests.sort((a, b) => Number(a.from === 0) - Number(b.from === 0));
}

/** The exposed ports in the order in which Docker hands out host ports. */
export function exposedPorts(exposed: PortConfig['exposed']): string[] {
  return Object.keys(exposed ?? {}).sort((a, b) => {
    const [left, right] = [parsePort(a), parsePort(b)];
    return left.port - right.port || left.protocol.localeCompare(right.protocol);
  });
}

const isAddress = (text: string) => parseIpv4(text) !== undefined || isIP(text) === 6;
