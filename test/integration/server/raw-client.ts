import type { Socket } from 'node:net';
import { connect } from 'node:net';

/** The status of what was not answered in time. */
export const NO_ANSWER = -1;

export interface RawReply {
  /** 0: the connection was closed without an answer; {@link NO_ANSWER}. */
  readonly status: number;
  readonly body: string;
  readonly ms: number;
}

/** Sends bytes over a connection of its own; settles with the answer, whose body is read when its length is known. */
export function exchange(
  socketPath: string,
  bytes: Buffer,
  { ends = false, limitMs = 10_000 } = {},
): Promise<RawReply> {
  const started = performance.now();
  const isHead = bytes.toString('latin1').startsWith('HEAD ');
  return new Promise((resolve) => {
    let data = Buffer.alloc(0);
    const socket = connect({ path: socketPath, allowHalfOpen: true }, () => send(socket, bytes, ends));
    const timer = setTimeout(() => {
      socket.destroy();
      resolve({ status: NO_ANSWER, body: '', ms: limitMs });
    }, limitMs);
    const settle = () => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ ...parse(data), ms: performance.now() - started });
    };
    socket.on('data', (chunk: Buffer) => {
      data = Buffer.concat([data, chunk]);
      if (isWhole(data, isHead)) settle();
    });
    socket.on('end', settle);
    socket.on('error', settle);
  });
}

function send(socket: Socket, bytes: Buffer, ends: boolean): void {
  socket.write(bytes);
  if (ends) socket.end();
}

interface Split {
  readonly head: string;
  readonly body: Buffer;
}

/** The answer's head and what is there of its body; informational answers are passed over. */
function split(data: Buffer): Split | undefined {
  const end = data.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [head, body] = [data.toString('latin1', 0, end), data.subarray(end + 4)];
  return head.startsWith('HTTP/1.1 100') ? split(body) : { head, body };
}

function isWhole(data: Buffer, isHead: boolean): boolean {
  const answer = split(data);
  if (!answer) return false;
  return answer.body.length >= (isHead ? 0 : (lengthOf(answer.head) ?? 0));
}

function lengthOf(head: string): number | undefined {
  const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
  return length === undefined ? undefined : Number(length);
}

function parse(data: Buffer): { status: number; body: string } {
  const answer = split(data);
  if (!answer) return { status: 0, body: '' };
  return { status: Number(answer.head.slice(9, 12)), body: answer.body.toString('utf8', 0, lengthOf(answer.head)) };
}

/** A connection on which something was sent and that is left open. */
export function linger(socketPath: string, bytes: Buffer | string = ''): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path: socketPath }, () => {
      socket.removeListener('error', reject);
      socket.on('error', () => {});
      if (bytes.length > 0) socket.write(bytes, () => resolve(socket));
      else resolve(socket);
    });
    socket.once('error', reject);
  });
}
