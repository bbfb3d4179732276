import { call, callInPool, closeFd, declare } from './libc.ts';
import type { NetlinkMessage, ReceivedMessage } from './netlink-codec.ts';
import {
  decodeMessages,
  encodeMessages,
  NLM_F_ACK,
  NLM_F_DUMP,
  NLM_F_REQUEST,
  NLMSG_DONE,
  NLMSG_ERROR,
} from './netlink-codec.ts';
import { isErrno, SystemError } from './system-error.ts';

const AF_NETLINK = 16;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_RCVBUFFORCE = 33;
const SO_RCVTIMEO = 20;
const MSG_DONTWAIT = 0x40;
const RECEIVE_BUFFER = 1 << 20;
const DEADLINE_SECONDS = 10n;

export const NETLINK_ROUTE = 0;
export const NETLINK_NETFILTER = 12;

const socket = declare('int socket(int domain, int type, int protocol)');
const bind = declare('int bind(int fd, const void *address, uint32_t length)');
const setsockopt = declare('int setsockopt(int fd, int level, int name, const void *value, uint32_t length)');
const send = declare('long send(int fd, const void *bytes, size_t length, int flags)');
const recv = declare('long recv(int fd, void *bytes, size_t length, int flags)');

/**
 * A netlink socket. It belongs for ever to the network namespace in which its thread was when it was opened. Calls are
 * synchronous and may wait for the kernel's RTNL lock, so they have their place in a worker thread.
 */
export class NetlinkSocket implements Disposable {
  readonly #fd: number;
  readonly #buffer = Buffer.alloc(1 << 16);
  #sequence = 1;

  /** `groups`: a bit mask of multicast groups to hear with {@link poll} (group n is bit n−1). */
  constructor(protocol: number, groups = 0) {
    this.#fd = call('socket', socket, [AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol]);
    const timeout = new BigInt64Array([DEADLINE_SECONDS, 0n]);
    call('setsockopt', setsockopt, [this.#fd, SOL_SOCKET, SO_RCVTIMEO, timeout, 16]);
    call('setsockopt', setsockopt, [this.#fd, SOL_SOCKET, SO_RCVBUFFORCE, new Int32Array([RECEIVE_BUFFER]), 4]);
    if (groups === 0) return;
    const address = Buffer.alloc(12);
    address.writeUInt16LE(AF_NETLINK, 0);
    address.writeUInt32LE(groups >>> 0, 8);
    call('bind', bind, [this.#fd, address, address.length]);
  }

  /**
   * Sends the messages as one datagram. Every message is answered; the kernel goes on after one that failed. Returns
   * an error number (0: done) for each.
   */
  requestAll(messages: readonly NetlinkMessage[]): number[] {
    if (messages.length === 0) return [];
    const first = this.#send(messages.map((m) => ({ ...m, flags: m.flags | NLM_F_REQUEST | NLM_F_ACK })));
    const results = new Array<number>(messages.length).fill(-1);
    let missing = messages.length;
    while (missing > 0) {
      for (const reply of this.#receive()) {
        const index = reply.sequence - first;
        if (reply.type !== NLMSG_ERROR || results[index] !== -1) continue;
        results[index] = -reply.body.readInt32LE(0);
        missing--;
      }
    }
    return results;
  }

  /** As {@link requestAll}; throws {@link SystemError} for the first that failed. `what` is for its message. */
  request(messages: readonly NetlinkMessage[], what: string): void {
    const failed = this.requestAll(messages).find((errno) => errno !== 0);
    if (failed !== undefined) throw new SystemError('netlink', failed, what);
  }

  /**
   * Sends a batch that the kernel takes whole or not at all (nfnetlink): the messages between the first and the last
   * are answered. Throws {@link SystemError} with the first error.
   */
  transact(messages: readonly NetlinkMessage[], what: string): void {
    const last = messages.length - 1;
    const first = this.#send(
      messages.map((m, index) => ({ ...m, flags: m.flags | NLM_F_REQUEST | (index % last ? NLM_F_ACK : 0) })),
    );
    let missing = messages.length - 2;
    while (missing > 0) {
      for (const reply of this.#receive()) {
        if (reply.type !== NLMSG_ERROR || reply.sequence < first || reply.sequence > first + last) continue;
        const errno = -reply.body.readInt32LE(0);
        if (errno !== 0) throw new SystemError('netlink', errno, what);
        missing--;
      }
    }
  }

  /** The answers to one question: all of a dump (`NLM_F_DUMP`), or the one of a get. */
  ask(message: NetlinkMessage, what: string): ReceivedMessage[] {
    const isDump = (message.flags & NLM_F_DUMP) === NLM_F_DUMP;
    const sequence = this.#send([{ ...message, flags: message.flags | NLM_F_REQUEST | (isDump ? 0 : NLM_F_ACK) }]);
    const answers: ReceivedMessage[] = [];
    while (!collect(this.#receive(), { sequence, answers, what }));
    return answers;
  }

  /**
   * As {@link ask} for a dump, but waits in libuv's pool: the kernel may walk a big table before it answers. Nothing else
   * may be asked of this socket meanwhile.
   */
  async askSlowly(message: NetlinkMessage, what: string): Promise<ReceivedMessage[]> {
    const bytes = encodeMessages([{ ...message, flags: message.flags | NLM_F_REQUEST }], this.#sequence);
    const sequence = this.#sequence++;
    const answers: ReceivedMessage[] = [];
    await callInPool('send', send, [this.#fd, bytes, bytes.length, 0]);
    for (;;) {
      const length = await callInPool('recv', recv, [this.#fd, this.#buffer, this.#buffer.length, 0]);
      const replies = decodeMessages(Buffer.from(this.#buffer.subarray(0, length)));
      if (collect(replies, { sequence, answers, what })) return answers;
    }
  }

  /** What the multicast groups have said since the last time, without waiting; undefined when some of it was lost. */
  poll(): ReceivedMessage[] | undefined {
    const heard: ReceivedMessage[] = [];
    for (;;) {
      try {
        heard.push(...this.#receive(MSG_DONTWAIT));
      } catch (error) {
        if (isErrno(error, 'EAGAIN', 'EWOULDBLOCK')) return heard;
        if (isErrno(error, 'ENOBUFS')) return undefined;
        throw error;
      }
    }
  }

  [Symbol.dispose](): void {
    closeFd(this.#fd);
  }

  #send(messages: readonly NetlinkMessage[]): number {
    const first = this.#sequence;
    this.#sequence += messages.length;
    const bytes = encodeMessages(messages, first);
    call('send', send, [this.#fd, bytes, bytes.length, 0]);
    return first;
  }

  #receive(flags = 0): ReceivedMessage[] {
    const length = call('recv', recv, [this.#fd, this.#buffer, this.#buffer.length, flags]);
    return decodeMessages(Buffer.from(this.#buffer.subarray(0, length)));
  }
}

/** Takes the answers to one question out of what was received; true when they are complete. */
function collect(
  replies: readonly ReceivedMessage[],
  { sequence, answers, what }: { sequence: number; answers: ReceivedMessage[]; what: string },
): boolean {
  for (const reply of replies) {
    if (reply.sequence !== sequence) continue;
    const isLast = reply.type === NLMSG_ERROR || reply.type === NLMSG_DONE;
    const errno = isLast ? -reply.body.readInt32LE(0) : 0;
    if (errno !== 0) throw new SystemError('netlink', errno, what);
    if (isLast) return true;
    answers.push(reply);
  }
  return false;
}
