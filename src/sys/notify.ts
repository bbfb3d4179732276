import { call, closeFd, declare } from './libc.ts';

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const MSG_NOSIGNAL = 0x4000;

const socket = declare('int socket(int domain, int type, int protocol)');
const sendto = declare(
  'int64_t sendto(int fd, const void *data, size_t size, int flags, const void *address, uint32_t length)',
);

/** Sends a datagram to a unix socket: a path, or an abstract name behind `@`. What systemd's readiness protocol is (sd_notify(3)). */
export function sendUnixDatagram(path: string, text: string): void {
  const address = Buffer.concat([Buffer.from([AF_UNIX, 0]), Buffer.from(path.replace(/^@/, '\0')), Buffer.alloc(1)]);
  // An abstract name ends where the address ends, not at a zero byte.
  const length = path.startsWith('@') ? address.length - 1 : address.length;
  const data = Buffer.from(text);
  const fd = call('socket', socket, [AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0]);
  try {
    call('sendto', sendto, [fd, data, data.length, MSG_NOSIGNAL, address, length], path);
  } finally {
    closeFd(fd);
  }
}
