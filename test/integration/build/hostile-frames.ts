import { once } from 'node:events';
import type { Socket } from 'node:net';
import { parseAddress, Transport } from '#client';

/** HTTP/2 as bytes, as no library would send it. */
export const TYPE = { data: 0, headers: 1, reset: 3, settings: 4, ping: 6, goaway: 7, window: 8, continuation: 9 };
export const FLAG = { endStream: 1, ack: 1, endHeaders: 4 };

interface Frame {
  readonly type: number;
  readonly flags?: number;
  readonly stream?: number;
  readonly payload?: Uint8Array;
}

export function h2Frame({ type, flags = 0, stream = 0, payload = new Uint8Array() }: Frame): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** Settings by number: 3 the streams at once, 4 the first window of each. */
export function settings(values: Readonly<Record<number, number>> = {}): Buffer {
  const payload = Buffer.concat(
    Object.entries(values).map(([id, value]) => {
      const entry = Buffer.alloc(6);
      entry.writeUInt16BE(Number(id));
      entry.writeUInt32BE(value, 2);
      return entry;
    }),
  );
  return h2Frame({ type: TYPE.settings, payload });
}

/** A field that is never indexed and not compressed. */
export function field(name: string, value: string): Buffer {
  return Buffer.concat([Buffer.from([0x10]), hpackString(name), hpackString(value)]);
}

function hpackString(text: string): Buffer {
  const head: number[] = [];
  let rest = text.length;
  if (rest < 127) head.push(rest);
  else {
    head.push(127);
    for (rest -= 127; rest >= 128; rest = Math.floor(rest / 128)) head.push((rest % 128) | 128);
    head.push(rest);
  }
  return Buffer.concat([Buffer.from(head), Buffer.from(text)]);
}

/** The head of a call. */
export function callHead(path: string): Buffer {
  const pseudo = { ':method': 'POST', ':scheme': 'http', ':authority': 'localhost', ':path': path };
  const fields = Object.entries({ ...pseudo, 'content-type': 'application/grpc', te: 'trailers' });
  return Buffer.concat(fields.map(([name, value]) => field(name, value)));
}

export const openStream = (stream: number, path: string, flags = FLAG.endHeaders): Buffer =>
  h2Frame({ type: TYPE.headers, flags, stream, payload: callHead(path) });

/** Messages behind their prefix, on a stream. */
export const sendData = (stream: number, payload: Uint8Array, flags = 0): Buffer =>
  h2Frame({ type: TYPE.data, flags, stream, payload });

export const resetStream = (stream: number): Buffer =>
  h2Frame({ type: TYPE.reset, stream, payload: Buffer.from([0, 0, 0, 8]) });

/** A connection of ours after its upgrade. */
export class RawConnection implements Disposable {
  readonly socket: Socket;
  /** How many frames of each type have come. */
  readonly came = new Map<number, number>();
  nextStream = 1;
  /** Heads that were waited for. */
  answered = 0;
  #rest = Buffer.alloc(0);

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('error', () => {});
  }

  /** `/grpc`, where we call; or `/session`, where we are called. */
  static async open(
    path: string,
    { socket, headers = {} }: { socket: string; headers?: Record<string, string | readonly string[]> },
  ): Promise<RawConnection> {
    const transport = new Transport(parseAddress(`unix://${socket}`));
    return new RawConnection(await transport.upgrade({ method: 'POST', path, headers }, 'h2c'));
  }

  /** Begins to speak HTTP/2 as the side that calls, but reads nothing yet. */
  begin(values: Readonly<Record<number, number>> = {}): this {
    this.socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    this.socket.write(settings(values));
    return this;
  }

  /** Takes whatever comes. */
  drain(): this {
    if (this.socket.listenerCount('data') === 0) this.socket.on('data', (chunk: Buffer) => this.#count(chunk));
    this.socket.resume();
    return this;
  }

  #count(chunk: Buffer): void {
    let rest = Buffer.concat([this.#rest, chunk]);
    while (rest.length >= 9 && rest.length >= 9 + rest.readUIntBE(0, 3)) {
      const type = rest[3]!;
      this.came.set(type, (this.came.get(type) ?? 0) + 1);
      rest = rest.subarray(9 + rest.readUIntBE(0, 3));
    }
    this.#rest = rest;
  }

  /** Writes until the pieces are at their end or the connection is; whether it took all of them. */
  async flood(pieces: Iterable<Uint8Array>): Promise<boolean> {
    const { socket } = this;
    for (const piece of pieces) {
      if (socket.destroyed || !socket.writable) return false;
      if (socket.write(piece)) continue;
      const gone = new AbortController();
      await Promise.race([
        once(socket, 'drain', { signal: gone.signal }),
        once(socket, 'close', { signal: gone.signal }),
        new Promise((wake) => setTimeout(wake, 500).unref()),
      ]).catch(() => {});
      gone.abort();
      // A peer that does not read any more makes us wait: that is a bound too.
      if (socket.writableNeedDrain) return false;
    }
    return true;
  }

  /** Resolves when the other side has ended the connection; rejects when it does not. */
  async ended(timeoutMs = 5000): Promise<void> {
    if (this.socket.destroyed || this.socket.readableEnded) return;
    this.drain();
    const signal = AbortSignal.timeout(timeoutMs);
    await Promise.race([once(this.socket, 'close', { signal }), once(this.socket, 'end', { signal })]);
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}
