import type { Duplex } from 'node:stream';
import koffi from 'koffi';
import { call, declare } from './libc.ts';

koffi.struct('iovec', { iov_base: 'uint8_t *', iov_len: 'size_t' });
koffi.struct('cmsg_of_one', {
  cmsg_len: 'size_t',
  cmsg_level: 'int',
  cmsg_type: 'int',
  descriptor: 'int',
  padding: 'int',
});
koffi.struct('msghdr', {
  msg_name: 'void *',
  msg_namelen: 'uint32_t',
  msg_iov: 'iovec *',
  msg_iovlen: 'size_t',
  msg_control: 'cmsg_of_one *',
  msg_controllen: 'size_t',
  msg_flags: 'int',
});
const sendmsg = declare('long sendmsg(int fd, const msghdr *message, int flags)');

const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
/** Of a cmsghdr with one int: 16 bytes of head and 4, then padded. */
const CMSG_LENGTH = 20;
const CMSG_SPACE = 24;

/** The descriptor under a stream of plain bytes; undefined when there is none, or when what goes over it is encrypted. */
export function descriptorOf(stream: Duplex): number | undefined {
  if ('encrypted' in stream) return undefined;
  const fd = (stream as { _handle?: { fd?: unknown } })._handle?.fd;
  return typeof fd === 'number' && fd >= 0 ? fd : undefined;
}

/** Sends one byte over a unix socket, with a descriptor or without. Never waits: EAGAIN when there is no room. */
export function sendByte(fd: number, byte: number, descriptor: number | undefined): void {
  const rights =
    descriptor === undefined
      ? { msg_control: null, msg_controllen: 0 }
      : {
          msg_control: [
            { cmsg_len: CMSG_LENGTH, cmsg_level: SOL_SOCKET, cmsg_type: SCM_RIGHTS, descriptor, padding: 0 },
          ],
          msg_controllen: CMSG_SPACE,
        };
  const part = { iov_base: Buffer.of(byte), iov_len: 1 };
  const message = { msg_name: null, msg_namelen: 0, msg_iov: [part], msg_iovlen: 1, ...rights, msg_flags: 0 };
  call('sendmsg', sendmsg, [fd, message, MSG_DONTWAIT | MSG_NOSIGNAL]);
}
