import type { Address } from './address.ts';

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
  const host = address.kind === 'unix' ? encodeURIComponent(address.path) : `${address.host}:${address.port}`;
  const verb = method.charAt(0) + method.slice(1).toLowerCase();
  const target = address.kind === 'unix' ? `unix ${address.path}` : `tcp ${address.host}:${address.port}`;
  const reason = words[failure.code ?? ''] ?? failure.message;
  const detail = `${verb} "http://${host}${path}": dial ${target}: connect: ${reason}`;
  if (failure.code === 'EACCES') {
    return `permission denied while trying to connect to the Docker daemon socket at ${address.text}: ${detail}`;
  }
  return `error during connect: ${detail}`;
}
