import { call, closeFd, declare } from './libc.ts';
import { SystemError } from './system-error.ts';

const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const IPPROTO_IPV6 = 41;
const IPV6_V6ONLY = 26;

const socket = declare('int socket(int domain, int type, int protocol)');
const bind = declare('int bind(int fd, const void *address, uint32_t length)');
const listen = declare('int listen(int fd, int backlog)');
const setsockopt = declare('int setsockopt(int fd, int level, int name, const void *value, uint32_t length)');
const inetPton = declare('int inet_pton(int family, const char *text, void *address)');

/**
 * Whether a port of this host could be listened on now: the error's code (`EADDRINUSE`, `EADDRNOTAVAIL`, `EACCES` …) or
 * undefined. Takes some 20 µs and never waits; `address` is IPv4 or IPv6 text.
 */
export function probePort(protocol: 'tcp' | 'udp', address: string, port: number): string | undefined {
  const isV6 = address.includes(':');
  const type = protocol === 'tcp' ? SOCK_STREAM : SOCK_DGRAM;
  let fd: number;
  try {
    fd = call('socket', socket, [isV6 ? AF_INET6 : AF_INET, type | SOCK_CLOEXEC, 0]);
  } catch (error) {
    if (error instanceof SystemError) return error.code;
    throw error;
  }
  try {
    const one = new Int32Array([1]);
    // Without it a port with connections in TIME_WAIT would look taken; for UDP it would let two share a port.
    if (protocol === 'tcp') call('setsockopt', setsockopt, [fd, SOL_SOCKET, SO_REUSEADDR, one, 4]);
    if (isV6) call('setsockopt', setsockopt, [fd, IPPROTO_IPV6, IPV6_V6ONLY, one, 4]);
    const bytes = socketAddress(address, port, isV6);
    call('bind', bind, [fd, bytes, bytes.length]);
    if (protocol === 'tcp') call('listen', listen, [fd, 1]);
    return undefined;
  } catch (error) {
    if (error instanceof SystemError) return error.code;
    throw error;
  } finally {
    closeFd(fd);
  }
}

function socketAddress(address: string, port: number, isV6: boolean): Buffer {
  const bytes = Buffer.alloc(isV6 ? 28 : 16);
  bytes.writeUInt16LE(isV6 ? AF_INET6 : AF_INET, 0);
  bytes.writeUInt16BE(port, 2);
  const at = isV6 ? 8 : 4;
  call('inet_pton', inetPton, [isV6 ? AF_INET6 : AF_INET, address, bytes.subarray(at)], address);
  return bytes;
}
