import { once } from 'node:events';
import type { Socket } from 'node:net';
import { connect } from 'node:net';

/** Where a server listens. */
export type Place = string | { readonly host: string; readonly port: number };

const CLIENTS = 8;

/** Eight clients that ask again and again for five seconds, each on a connection of its own: requests a second, and ms. */
export async function load(
  place: Place,
  path: (turn: number) => string,
  accept = '*/*',
): Promise<{ rate: number; p99: number }> {
  const clients = await Promise.all(Array.from({ length: CLIENTS }, () => Asker.open(place, accept)));
  const times: number[] = [];
  let turn = 0;
  const keepAsking = async (client: Asker, end: number) => {
    while (performance.now() < end) {
      const began = performance.now();
      await client.get(path(turn++));
      times.push(performance.now() - began);
    }
  };
  for (const ms of [500, 5_000]) {
    times.length = 0;
    const end = performance.now() + ms;
    await Promise.all(clients.map((client) => keepAsking(client, end)));
  }
  for (const client of clients) client.close();
  const sorted = times.toSorted((a, b) => a - b);
  return { rate: times.length / 5, p99: sorted[Math.floor(sorted.length * 0.99)]! };
}

const LAST_CHUNK = Buffer.from('0\r\n\r\n');

/** A client that costs as little as can be: it looks for the end of each answer and at nothing else. */
class Asker {
  readonly #socket: Socket;
  readonly #head: string;
  #answered: (() => void) | undefined;
  /** Bytes still to come of an answer with a length; undefined: it comes in chunks. */
  #left: number | undefined;
  #hasHead = false;

  private constructor(socket: Socket, accept: string) {
    this.#socket = socket;
    this.#head = `HTTP/1.1\r\nHost: docker\r\nAccept: ${accept}\r\n\r\n`;
    socket.on('data', (data: Buffer) => this.#read(data));
  }

  static async open(place: Place, accept: string): Promise<Asker> {
    const socket = typeof place === 'string' ? connect(place) : connect({ ...place, noDelay: true });
    await once(socket, 'connect');
    return new Asker(socket, accept);
  }

  get(path: string): Promise<void> {
    this.#hasHead = false;
    this.#socket.write(`GET ${path} ${this.#head}`);
    return new Promise((resolve) => (this.#answered = resolve));
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(data: Buffer): void {
    let body = data.length;
    if (!this.#hasHead) {
      const end = data.indexOf('\r\n\r\n');
      const head = data.toString('latin1', 0, end);
      if (!head.startsWith('HTTP/1.1 200')) throw new Error(head);
      const length = /content-length: (\d+)/i.exec(head)?.[1];
      this.#left = length === undefined ? undefined : Number(length);
      this.#hasHead = true;
      body -= end + 4;
    }
    if (this.#left !== undefined) this.#left -= body;
    if (this.#left === 0 || (this.#left === undefined && data.subarray(-LAST_CHUNK.length).equals(LAST_CHUNK)))
      this.#answered?.();
  }
}
