/** One way in from outside: a port of the host leads to a port of a container. IPv4 only; pure. */
export interface Publication {
  protocol: 'tcp' | 'udp' | 'sctp';
  hostIp: string;
  hostPort: number;
  address: string;
  port: number;
}

/** An element of one of our table's maps and sets, in text as nft writes it and as the kernel's bytes. */
export interface Element {
  set: 'publish' | 'publish_on' | 'loopback';
  key: Uint8Array;
  data?: Uint8Array;
  text: string;
}

const PROTOCOL = { tcp: 6, udp: 17, sctp: 132 } as const;

/**
 * The element for a publication; undefined where only the listening socket serves it (IPv6 addresses). A port on a
 * loopback address needs no way in, but a guard: were `route_localnet` on, neighbours could reach it.
 */
export function elementOf({ protocol, hostIp, hostPort, address, port }: Publication): Element | undefined {
  if (hostIp.includes(':')) return undefined;
  const service = [PROTOCOL[protocol], 0, 0, 0, ...big16(hostPort), 0, 0];
  if (hostIp === '0.0.0.0') {
    const text = `${protocol} . ${hostPort} : ${address} . ${port}`;
    return { set: 'publish', key: Uint8Array.from(service), data: target(address, port), text };
  }
  const key = Uint8Array.from([...quad(hostIp), ...service]);
  const place = `${hostIp} . ${protocol} . ${hostPort}`;
  if (hostIp.startsWith('127.')) return { set: 'loopback', key, text: place };
  return { set: 'publish_on', key, data: target(address, port), text: `${place} : ${address} . ${port}` };
}

const target = (address: string, port: number) => Uint8Array.from([...quad(address), ...big16(port), 0, 0]);
const big16 = (port: number): number[] => [port >> 8, port & 0xff];
const quad = (address: string): number[] => address.split('.').map(Number);
