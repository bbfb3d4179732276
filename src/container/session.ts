import type { TransformCallback } from 'node:stream';
import { Duplex } from 'node:stream';
import type { DetachScanner } from '#api';

export interface SessionOptions {
  /** Output of the past, before the live one. */
  readonly replay?: AsyncIterable<Uint8Array> | undefined;
  /** The live streams, or what gives them in time for the start; without them the session ends after the replay. */
  readonly live?: Duplex | Promise<Duplex> | undefined;
  /** Settles when the process can take input; what comes before waits. */
  readonly listening?: Promise<unknown> | undefined;
  /** Looks for the detach keys in the input. */
  readonly scanner?: DetachScanner | undefined;
  /** Called once when the keys were typed. */
  readonly onDetach?: () => void;
  /** Awaited after the live output has ended, before the session's own ends; its bytes are the last ones. */
  readonly epilogue?: () => Promise<Uint8Array | undefined>;
  /** Called when the client is gone or the session over. */
  readonly onClose?: () => void;
}

/** One client at a container's or an exec's streams: reads give output, writes are input, `end()` is end of input. */
export class Session extends Duplex {
  readonly #options: SessionOptions;
  #output: AsyncIterator<Uint8Array> | undefined;
  readonly #listening: Promise<unknown>;
  #live: Duplex | undefined;
  #reading = false;

  constructor(options: SessionOptions) {
    super({ allowHalfOpen: true, highWaterMark: 256 * 1024 });
    this.#options = options;
    if (options.live instanceof Promise) {
      this.#listening = Promise.all([options.listening, options.live.then((live) => this.#join(live))]);
    } else {
      if (options.live) this.#join(options.live);
      this.#listening = options.listening ?? Promise.resolve();
    }
  }

  #join(live: Duplex): void {
    this.#live = live;
    // Output that ends tells; a broken pipe to the monitor is the end of the output, not a fault of this client.
    live.on('error', () => undefined);
    if (this.destroyed) live.destroy();
  }

  override _read(): void {
    if (this.#reading) return;
    this.#reading = true;
    this.#output ??= output(this.#options)[Symbol.asyncIterator]();
    void this.#pump(this.#output);
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    void this.#listening.then(() => this.#input(chunk, done));
  }

  override _final(done: (error?: Error | null) => void): void {
    void this.#listening.then(() => {
      if (this.#live && !this.#live.destroyed) this.#live.end();
      done();
    });
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#live?.destroy();
    this.#options.onClose?.();
    done(error);
  }

  #input(chunk: Buffer, done: () => void): void {
    const { scanner, onDetach } = this.#options;
    const live = this.#live;
    if (!live || live.destroyed || live.writableEnded) {
      done();
      return;
    }
    if (!scanner) {
      pass(live, chunk, done);
      return;
    }
    const { forward, detached } = scanner.scan(chunk);
    pass(live, forward, () => {
      done();
      if (!detached) return;
      onDetach?.();
      this.#finish();
    });
  }

  async #pump(iterator: AsyncIterator<Uint8Array>): Promise<void> {
    try {
      for (;;) {
        const { value, done } = await iterator.next();
        if (this.destroyed || this.readableEnded) return;
        if (done) return void this.push(null);
        if (!this.push(value)) break;
      }
      this.#reading = false;
    } catch (error) {
      this.destroy(error as Error);
    }
  }

  #finish(): void {
    this.#live?.destroy();
    if (!this.destroyed) this.push(null);
  }
}

async function* output({ replay, live: given, epilogue }: SessionOptions): AsyncGenerator<Uint8Array> {
  if (replay) yield* replay;
  const live = await given;
  if (!live) return;
  try {
    yield* live.iterator({ destroyOnReturn: false });
  } catch {
    // Destroyed under us: detached, or the monitor is gone. Either way there is no more output.
  }
  const last = await epilogue?.();
  if (last) yield last;
}

function pass(live: Duplex, bytes: Uint8Array, done: () => void): void {
  if (bytes.length === 0 || live.write(bytes)) {
    done();
    return;
  }
  const free = () => {
    live.off('drain', free).off('close', free);
    done();
  };
  live.once('drain', free).once('close', free);
}
