import type { Packet, Stat } from '#buildkit';
import { isRegular, PACKET, TreeOrder } from '#buildkit';
import { invalid } from '#errdefs';

/** How the packets of a transfer are exchanged with whoever has the files. */
export interface Exchange {
  /** Those together that came together. */
  readonly packets: AsyncIterable<readonly Packet[]>;
  send(...packets: readonly Partial<Packet>[]): Promise<void>;
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
  hasBegun: boolean;
  left: number;
}

/** A file may have grown while it was sent: by so much at most. */
const GROWTH = 64 * 1024 * 1024;

/** Linux' own limit of what a link says. */
const MAX_LINK = 4095;
/** Senders send a few files at once. */
const MAX_BEGUN = 256;

/** Receives the files of one transfer, as fsutil's protocol has it. */
export async function receive({ packets: batches, send }: Exchange, receiver: Receiver): Promise<void> {
  const transfer = new Transfer(receiver);
  for await (const packets of batches) {
    for (const packet of packets) {
      // Of what is known already nothing is waited for.
      const waits = transfer.take(packet);
      if (waits) await waits;
      if (transfer.isOver) return;
    }
    const answers = transfer.answers();
    if (answers.length > 0) await send(...answers);
  }
  throw invalid('the transfer of files ended before its end');
}

type Waits = Promise<void> | undefined;

class Transfer {
  readonly #receiver: Receiver;
  readonly #order = new TreeOrder<true>();
  readonly #wanted = new Map<number, Wanted>();
  #begun = 0;
  #answers: Partial<Packet>[] = [];
  #hasAll = false;
  #isFinished = false;
  isOver = false;

  constructor(receiver: Receiver) {
    this.#receiver = receiver;
  }

  /** What the other side is to be told now. */
  answers(): readonly Partial<Packet>[] {
    const answers = this.#answers;
    this.#answers = [];
    if (this.#hasAll && this.#wanted.size === 0 && !this.#isFinished) {
      this.#isFinished = true;
      answers.push({ type: PACKET.fin });
    }
    return answers;
  }

  take(packet: Packet): Waits {
    if (packet.type === PACKET.stat) return this.#told(packet.stat);
    if (packet.type === PACKET.data) return this.#data(packet);
    if (packet.type === PACKET.error) {
      throw invalid(`error from sender: ${Buffer.from(packet.data.subarray(0, 4096)).toString()}`);
    }
    if (packet.type === PACKET.fin) {
      if (!this.#isFinished) throw invalid('the sender of files has finished before its receiver');
      this.isOver = true;
    }
    return undefined;
  }

  #told(stat: Stat | undefined): Waits {
    if (this.#hasAll) throw invalid('the sender of files tells of files after their end');
    if (!stat) {
      this.#hasAll = true;
      return this.#receiver.toldAll() ?? undefined;
    }
    if (stat.linkname.length > MAX_LINK) throw invalid('a link in a transfer of files is too long');
    const id = this.#order.size;
    const path = this.#order.admit(stat, true);
    const wanted = this.#receiver.file(path, stat);
    if (wanted === false) return undefined;
    return wanted === true
      ? this.#want(id, path, stat)
      : wanted.then((is) => (is ? this.#want(id, path, stat) : undefined));
  }

  #want(id: number, path: string, stat: Stat): Waits {
    if (!isRegular(stat.mode)) return undefined;
    if (stat.size <= 0) return this.#receiver.complete(path) ?? undefined;
    this.#wanted.set(id, { path, hasBegun: false, left: stat.size + GROWTH });
    this.#answers.push({ type: PACKET.request, id });
    return undefined;
  }

  #data({ id, data }: Packet): Waits {
    const wanted = this.#wanted.get(id);
    if (!wanted) throw invalid(`the sender of files sends file ${id}, which nobody asked for`);
    if (data.length === 0) {
      this.#wanted.delete(id);
      if (wanted.hasBegun) this.#begun--;
      return this.#receiver.complete(wanted.path) ?? undefined;
    }
    if (!wanted.hasBegun) {
      wanted.hasBegun = true;
      if (++this.#begun > MAX_BEGUN) throw invalid('the sender of files sends too many files at once');
    }
    wanted.left -= data.length;
    if (wanted.left < 0) throw invalid(`a file is much larger than the sender of files has told`);
    return this.#receiver.data(wanted.path, data) ?? undefined;
  }
}
