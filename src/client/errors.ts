import type { Address } from './address.ts';
import { hostOf } from './address.ts';

/** The daemon's refusal: its status and its message. */
export class DaemonError extends Error {
  readonly status: number;
  /** The daemon's own words, without our prefix. */
  readonly reason: string;

  constructor(status: number, reason: string) {
    super(`Error response from daemon: ${reason}`);
    this.status = status;
    this.reason = reason;
  }
}

/** No conversation with the daemon came about. */
export class ConnectError extends Error {
  readonly code: string;

  constructor(address: Address, failure: NodeJS.ErrnoException, asked: string) {
    super(describe(address, failure, asked), { cause: failure });
    this.code = failure.code ?? '';
  }
}

const words: Record<string, string> = {
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  ENOENT: 'no such file or directory',
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset by peer',
  ETIMEDOUT: 'i/o timeout',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network is unreachable',
  ENOTFOUND: 'no such host',
};

function describe(address: Address, failure: NodeJS.ErrnoException, asked: string): string {
  const unreachable = ['ENOENT', 'ECONNREFUSED', 'ETIMEDOUT'].includes(failure.code ?? '');
  if (unreachable) return `Cannot connect to the Docker daemon at ${address.text}. Is the docker daemon running?`;
  const [method = '', path = ''] = asked.split(' ');
  const verb = method.charAt(0) + method.slice(1).toLowerCase();
  if (address.kind === 'ssh') {
    return `error during connect: ${verb} "http://${hostOf(address)}${path}": ${failure.message}`;
  }
  const host = address.kind === 'unix' ? encodeURIComponent(address.path) : `${address.host}:${address.port}`;
  const encrypted = address.kind === 'tcp' && address.tls ? tlsReason(failure, address.host) : undefined;
  if (encrypted) return `error during connect: ${verb} "https://${host}${path}": ${encrypted}`;
  const target = address.kind === 'unix' ? `unix ${address.path}` : `tcp ${address.host}:${address.port}`;
  const reason = words[failure.code ?? ''] ?? failure.message;
  const detail = `${verb} "http://${host}${path}": dial ${target}: connect: ${reason}`;
  if (failure.code === 'EACCES') {
    return `permission denied while trying to connect to the Docker daemon socket at ${address.text}: ${detail}`;
  }
  return `error during connect: ${detail}`;
}

const unknownAuthority = 'tls: failed to verify certificate: x509: certificate signed by unknown authority';

/** Go's words for what goes wrong in TLS. */
const tlsWords: Record<string, string> = {
  SELF_SIGNED_CERT_IN_CHAIN: unknownAuthority,
  DEPTH_ZERO_SELF_SIGNED_CERT: unknownAuthority,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownAuthority,
  CERT_HAS_EXPIRED: 'tls: failed to verify certificate: x509: certificate has expired or is not yet valid',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'remote error: tls: certificate required',
  ERR_SSL_TLS_ALERT_CERTIFICATE_REQUIRED: 'remote error: tls: certificate required',
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: 'remote error: tls: unknown certificate authority',
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: 'remote error: tls: bad certificate',
  ERR_SSL_WRONG_VERSION_NUMBER: 'http: server gave HTTP response to HTTPS client',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'http: server gave HTTP response to HTTPS client',
};

function tlsReason({ code = '', message }: NodeJS.ErrnoException, host: string): string | undefined {
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return `tls: failed to verify certificate: x509: certificate is not valid for ${host}`;
  }
  return tlsWords[code] ?? (code.startsWith('ERR_SSL_') ? message : undefined);
}
