import type { LogEntry } from './entry.ts';
import type { LogSubject } from './subject.ts';

/** An entry as a sink gets it. */
export interface Message {
  readonly source: 'stdout' | 'stderr';
  /** Without its newline. */
  readonly line: string;
  /** Ns since the epoch. */
  readonly time: bigint;
  /** Of a line that was too long for one entry. */
  readonly partial: { readonly id: string; readonly ordinal: number; readonly last: boolean } | undefined;
}

/** Where the log of one container goes. */
export interface Sink extends AsyncDisposable {
  /**
   * Whether what was sent has arrived. Otherwise what was sent shortly before a failure is sent again, as it may have
   * been on its way.
   */
  readonly isConfirmed: boolean;
  /** Rejects when it cannot be sent; the sink is of no use then. Waits while the receiver is behind. */
  send(messages: readonly Message[]): Promise<void>;
}

export type OpenSink = (subject: LogSubject) => Promise<Sink>;

/** Docker's pieces of a long line. */
const PIECE = 16 * 1024;

/** Makes messages of entries, and numbers the pieces of long lines of each stream. */
export class Messages {
  readonly #open = new Map<string, { id: string; ordinal: number }>();
  readonly #newId: () => string;

  constructor(newId: () => string) {
    this.#newId = newId;
  }

  of({ stream, text, time }: LogEntry): Message {
    const ends = text.endsWith('\n');
    const line = ends ? text.slice(0, -1) : text;
    return { source: stream, line, time, partial: this.#partOf(stream, ends || Buffer.byteLength(text) < PIECE) };
  }

  #partOf(stream: string, last: boolean): Message['partial'] {
    const before = this.#open.get(stream);
    if (!before && last) return undefined;
    const part = { id: before?.id ?? this.#newId(), ordinal: (before?.ordinal ?? 0) + 1 };
    if (last) this.#open.delete(stream);
    else this.#open.set(stream, part);
    return { ...part, last };
  }
}
