import type { Socket } from 'node:net';
import { deadline } from '#async';
import { dial } from './dial.ts';
import type { MonitorEvent, MonitorState } from './messages.ts';
import { decodeEvent, decodeHello, MonitorError } from './messages.ts';
import type { Field } from './protocol.ts';
import { Decoder, encode, PROTOCOL_VERSION } from './protocol.ts';

interface Waiting {
  resolve(fields: Buffer[]): void;
  reject(error: Error): void;
}

/** What the owner of a link hears; `onClose` is the last. */
export interface LinkListener {
  onEvent(event: MonitorEvent): void;
  onClose(): void;
}

/** The control connection to one monitor. Nothing here waits without a deadline: a monitor may be stopped. */
export class MonitorLink {
  readonly #socket: Socket;
  readonly #waiting = new Map<number, Waiting>();
  readonly #hello = Promise.withResolvers<MonitorState>();
  #sequence = 0;
  #greeted = false;
  #closed = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#hello.promise.catch(() => undefined);
  }

  /** Connects and says hello; what the monitor knows comes with {@link state}. Rejects when none listens. */
  static async open(directory: string, listener: LinkListener): Promise<MonitorLink> {
    const link = new MonitorLink(await dial(directory));
    link.#listen(listener);
    link.#socket.write(encode(['hello', PROTOCOL_VERSION]));
    return link;
  }

  /** What the monitor knew when it answered the hello. */
  state(ms: number): Promise<MonitorState> {
    return deadline(this.#hello.promise, ms, 'the monitor did not answer in time');
  }

  /** Asks and returns the fields of the answer; rejects with {@link MonitorError} when the monitor says no. */
  request(verb: string, fields: readonly Field[], ms: number): Promise<Buffer[]> {
    if (this.#closed) return Promise.reject(new MonitorError('gone', 0, 'the monitor is gone'));
    const sequence = ++this.#sequence;
    const { promise, resolve, reject } = Promise.withResolvers<Buffer[]>();
    this.#waiting.set(sequence, { resolve, reject });
    this.#socket.write(encode([verb, sequence, ...fields]));
    return deadline(promise, ms, 'the monitor did not answer in time').finally(() => this.#waiting.delete(sequence));
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Lets go; the monitor of a container that was not started ends with it. */
  close(): void {
    this.#socket.destroy();
  }

  #listen(listener: LinkListener): void {
    const decoder = new Decoder();
    this.#socket.on('data', (chunk: Buffer) => {
      try {
        decoder.push(chunk);
        for (let message = decoder.next(); message; message = decoder.next()) this.#dispatch(message, listener);
      } catch (error) {
        this.#socket.destroy(error as Error);
      }
    });
    this.#socket.on('error', () => undefined);
    this.#socket.on('end', () => this.#socket.destroy());
    this.#socket.on('close', () => this.#end(listener));
  }

  #dispatch(message: Buffer[], listener: LinkListener): void {
    const [verb, ...fields] = message;
    if (String(verb) === 'hello' && !this.#greeted) {
      this.#greeted = true;
      this.#hello.resolve(decodeHello(fields));
    } else if (String(verb) === 'ok') {
      this.#waiting.get(Number(fields[0]))?.resolve(fields.slice(1));
    } else if (String(verb) === 'error') {
      const [sequence, kind, errno, text] = fields.map(String);
      this.#waiting.get(Number(sequence))?.reject(new MonitorError(kind!, Number(errno), text!));
    } else {
      const event = decodeEvent(String(verb), fields);
      if (event) listener.onEvent(event);
    }
  }

  #end(listener: LinkListener): void {
    this.#closed = true;
    const gone = new MonitorError('gone', 0, 'the monitor is gone');
    this.#hello.reject(gone);
    for (const { reject } of this.#waiting.values()) reject(gone);
    listener.onClose();
  }
}
