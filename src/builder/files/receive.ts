import type { Packet, Stat } from '#buildkit';
import { isRegular, PACKET, TreeOrder } from '#buildkit';
import { invalid } from '#errdefs';

/** How the packets of a transfer are exchanged with whoever has the files. */
export interface Exchange {
  readonly packets: AsyncIterable<Packet>;
  send(packet: Partial<Packet>): Promise<void>;
}

/** What becomes of the files that arrive. Called in order; `data` only for files that were asked for. */
export interface Receiver {
  /** A file is told; whether its content is wanted. Directories come before what is in them. */
  file(path: string, stat: Stat): Promise<boolean> | boolean;
  data(path: string, chunk: Uint8Array): Promise<void> | void;
  /** The content of a file is complete. */
  complete(path: string): Promise<void> | void;
  /** Nothing more will be told; content may still be under way. */
  toldAll(): Promise<void> | void;
}

interface Wanted {
  readonly path: string;
  left: number;
}

/** A file may have grown while it was sent: by so much at most. */
const GROWTH = 64 * 1024 * 1024;

/** Receives the files of one transfer, as fsutil's protocol has it. */
export async function receive({ packets, send }: Exchange, receiver: Receiver): Promise<void> {
  const transfer = new Transfer(receiver, send);
  for await (const packet of packets) {
    if (await transfer.take(packet)) return;
  }
  throw invalid('the transfer of files ended before its end');
}

class Transfer {
  readonly #receiver: Receiver;
  readonly #send: Exchange['send'];
  readonly #order = new TreeOrder<true>();
  readonly #wanted = new Map<number, Wanted>();
  #hasAll = false;
  #isFinished = false;

  constructor(receiver: Receiver, send: Exchange['send']) {
    this.#receiver = receiver;
    this.#send = send;
  }

  /** Whether this packet was the last one. */
  async take(packet: Packet): Promise<boolean> {
    if (packet.type === PACKET.stat) await this.#told(packet.stat);
    else if (packet.type === PACKET.data) await this.#data(packet);
    else if (packet.type === PACKET.error) {
      throw invalid(`error from sender: ${Buffer.from(packet.data.subarray(0, 4096)).toString()}`);
    } else if (packet.type === PACKET.fin) {
      if (!this.#isFinished) throw invalid('the sender of files has finished before its receiver');
      return true;
    }
    await this.#finishWhenDone();
    return false;
  }

  async #told(stat: Stat | undefined): Promise<void> {
    if (this.#hasAll) throw invalid('the sender of files tells of files after their end');
    if (!stat) {
      this.#hasAll = true;
      await this.#receiver.toldAll();
      return;
    }
    const id = this.#order.size;
    const path = this.#order.admit(stat, true);
    if (!(await this.#receiver.file(path, stat)) || !isRegular(stat.mode)) return;
    if (stat.size <= 0) {
      await this.#receiver.complete(path);
      return;
    }
    this.#wanted.set(id, { path, left: stat.size + GROWTH });
    await this.#send({ type: PACKET.request, id });
  }

  async #data({ id, data }: Packet): Promise<void> {
    const wanted = this.#wanted.get(id);
    if (!wanted) throw invalid(`the sender of files sends file ${id}, which nobody asked for`);
    if (data.length === 0) {
      this.#wanted.delete(id);
      await this.#receiver.complete(wanted.path);
      return;
    }
    wanted.left -= data.length;
    if (wanted.left < 0) throw invalid(`a file is much larger than the sender of files has told`);
    await this.#receiver.data(wanted.path, data);
  }

  async #finishWhenDone(): Promise<void> {
    if (!this.#hasAll || this.#wanted.size > 0 || this.#isFinished) return;
    this.#isFinished = true;
    await this.#send({ type: PACKET.fin });
  }
}
