import { call, closeFd, declare } from './libc.ts';
import { isErrno, SystemError } from './system-error.ts';

const socket = declare('int socket(int domain, int type, int protocol)');
const connect = declare('int connect(int fd, const void *address, unsigned int size)');
const send = declare('long send(int fd, const void *bytes, size_t size, int flags)');

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
/** sun_path holds 108 bytes with the NUL. */
const PATH_MAX = 107;

/** Sends datagrams to a unix socket, which Node cannot. */
export class UnixDatagram implements Disposable {
  readonly #fd: number;

  /** Connects; throws when nobody listens, and EPROTOTYPE when the socket is one of streams. */
  constructor(path: string) {
    if (Buffer.byteLength(path) > PATH_MAX) throw new SystemError('connect', ENAMETOOLONG, path);
    const address = Buffer.alloc(2 + PATH_MAX + 1);
    address.writeUInt16LE(AF_UNIX);
    address.write(path, 2);
    this.#fd = call('socket', socket, [AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0]);
    try {
      call('connect', connect, [this.#fd, address, address.length], path);
    } catch (error) {
      closeFd(this.#fd);
      throw error;
    }
  }

  /** Never waits: false when the receiver is behind. */
  send(bytes: Uint8Array): boolean {
    try {
      call('send', send, [this.#fd, bytes, bytes.length, MSG_DONTWAIT | MSG_NOSIGNAL]);
      return true;
    } catch (error) {
      if (isErrno(error, 'EAGAIN', 'ENOBUFS')) return false;
      throw error;
    }
  }

  [Symbol.dispose](): void {
    closeFd(this.#fd);
  }
}

const ENAMETOOLONG = 36;
