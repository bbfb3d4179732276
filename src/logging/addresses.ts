import { invalid } from '#errdefs';

/** Where a sink listens. */
export type Address =
  | { readonly kind: 'unix'; readonly path: string; readonly datagram: boolean }
  | { readonly kind: 'net'; readonly protocol: 'tcp' | 'udp' | 'tls'; readonly host: string; readonly port: number };

interface Url {
  readonly scheme: string;
  readonly host: string;
  readonly port: string;
  readonly path: string;
}

/** An address such as `tcp://host:port/path`, in Go's words when it is none. */
function parseUrl(text: string): Url {
  const [, scheme = '', rest = ''] = /^(?:([a-zA-Z][a-zA-Z0-9+.-]*):)?(.*)$/s.exec(text) ?? [];
  if (!rest.startsWith('//')) return { scheme, host: '', port: '', path: rest };
  const slash = rest.indexOf('/', 2);
  const authority = slash < 0 ? rest.slice(2) : rest.slice(2, slash);
  const [, host = '', port] = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/.exec(authority) ?? [];
  if (port !== undefined && !/^\d*$/.test(port)) {
    throw invalid(`parse ${JSON.stringify(text)}: invalid port ${JSON.stringify(`:${port}`)} after host`);
  }
  return { scheme, host: host.replace(/^\[|\]$/g, ''), port: port ?? '', path: slash < 0 ? '' : rest.slice(slash) };
}

const SYSLOG_PORT = 514;

/** undefined: the host's own. */
export function syslogAddress(text: string | undefined): Address | undefined {
  if (!text) return undefined;
  const { scheme, host, port, path } = parseUrl(text);
  if (scheme === 'unix' || scheme === 'unixgram') return { kind: 'unix', path, datagram: scheme === 'unixgram' };
  const protocol = ({ tcp: 'tcp', udp: 'udp', 'tcp+tls': 'tls' } as const)[scheme];
  if (!protocol) throw invalid(`unsupported scheme: '${scheme}'`);
  return { kind: 'net', protocol, host, port: Number(port || SYSLOG_PORT) };
}

const FLUENTD_PORT = 24224;

export function fluentdAddress(text: string | undefined): Address {
  const given = text || `127.0.0.1:${FLUENTD_PORT}`;
  const { scheme, host, port, path } = parseUrl(given.includes('://') ? given : `tcp://${given}`);
  if (scheme === 'unix') {
    if (path.replace(/^\/+/, '') === '') throw invalid('path is empty');
    return { kind: 'unix', path, datagram: false };
  }
  if (scheme !== 'tcp' && scheme !== 'tls') throw invalid(`unsupported scheme: '${scheme}'`);
  if (path !== '') throw invalid('should not contain a path element');
  if (Number(port) > 65535) {
    throw invalid(`invalid port: strconv.ParseUint: parsing ${JSON.stringify(port)}: value out of range`);
  }
  return { kind: 'net', protocol: scheme, host: host || '127.0.0.1', port: Number(port || FLUENTD_PORT) };
}

export function gelfAddress(text: string | undefined): Extract<Address, { kind: 'net' }> {
  if (!text) throw invalid('gelf-address is a required parameter');
  const { scheme, host, port } = parseUrl(text);
  if (scheme !== 'tcp' && scheme !== 'udp') throw invalid('gelf: endpoint needs to be TCP or UDP');
  if (port === '') throw invalid('gelf: please provide gelf-address as proto://host:port');
  return { kind: 'net', protocol: scheme, host, port: Number(port) };
}
