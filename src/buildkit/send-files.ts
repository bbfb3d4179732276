import { invalid } from '#errdefs';
import type { Packet, Stat } from './filesync.ts';
import { PACKET } from './filesync.ts';

/** How the packets of a transfer are exchanged with the other side. */
export interface PacketExchange {
  readonly packets: AsyncIterable<Packet>;
  send(packet: { type?: number; stat?: Partial<Stat>; id?: number; data?: Uint8Array }): Promise<void>;
}

/** The files to send: those of a directory behind it, names of one directory in the order of their bytes. */
export interface FileSource {
  readonly files: AsyncIterable<Partial<Stat>> | Iterable<Partial<Stat>>;
  /** The content of the n-th file. */
  content(index: number): AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

/** So many files are read at once. */
const READERS = 4;

/** Sends files to a receiver that says which of them it wants, as fsutil's protocol has it. */
export async function sendFiles({ packets, send }: PacketExchange, source: FileSource): Promise<void> {
  const sending = new Sending(source, send);
  const telling = sending.tellAll();
  telling.catch(() => {});
  const work = (async () => {
    for await (const { type, id, data } of packets) {
      if (type === PACKET.request) await sending.want(id);
      else if (type === PACKET.fin) return;
      else if (type === PACKET.error) throw invalid(`error from receiver: ${Buffer.from(data.subarray(0, 4096))}`);
      else throw invalid('the receiver of files sends what only senders send');
    }
    throw invalid('the receiver of files has gone away');
  })();
  await Promise.race([work, telling.then(() => work), sending.failed]);
  await telling;
  await sending.settled();
  await send({ type: PACKET.fin });
}

class Sending {
  readonly #source: FileSource;
  readonly #send: PacketExchange['send'];
  readonly #running = new Set<Promise<void>>();
  readonly #failed = Promise.withResolvers<never>();
  #told = 0;

  constructor(source: FileSource, send: PacketExchange['send']) {
    this.#source = source;
    this.#send = send;
    this.#failed.promise.catch(() => {});
  }

  /** Rejects as soon as a file cannot be sent. */
  get failed(): Promise<never> {
    return this.#failed.promise;
  }

  async tellAll(): Promise<void> {
    try {
      for await (const stat of this.#source.files) {
        this.#told++;
        await this.#send({ type: PACKET.stat, stat });
      }
      await this.#send({ type: PACKET.stat });
    } catch (error) {
      this.#failed.reject(error);
      throw error;
    }
  }

  /** Begins to send a file; waits while as many as may are being sent. */
  async want(index: number): Promise<void> {
    if (index >= this.#told) throw invalid(`the receiver of files wants file ${index}, of which it was not told`);
    while (this.#running.size >= READERS) await Promise.race(this.#running);
    const job = this.#content(index)
      .catch((error) => this.#failed.reject(error))
      .finally(() => this.#running.delete(job));
    this.#running.add(job);
  }

  async settled(): Promise<void> {
    await Promise.all(this.#running);
  }

  async #content(id: number): Promise<void> {
    for await (const data of this.#source.content(id))
      if (data.length > 0) await this.#send({ type: PACKET.data, id, data });
    await this.#send({ type: PACKET.data, id });
  }
}

/** Orders paths, which are bytes, as transfers want them: a directory's content right behind it. */
export function comparePaths(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    if (a[i] === b[i]) continue;
    if (a[i] === SLASH) return -1;
    if (b[i] === SLASH) return 1;
    return a[i]! - b[i]!;
  }
  return a.length - b.length;
}

const SLASH = 0x2f;
