import type { TransformCallback } from 'node:stream';
import { Duplex } from 'node:stream';
import type { DetachScanner } from '#api';
import type { Attached } from './deps.ts';

export interface SessionOptions {
  /** Output of the past, before the live one. */
  readonly replay?: AsyncIterable<Uint8Array> | undefined;
  /** The live streams, or what gives them in time for the start; without them the session ends after the replay. */
  readonly live?: Attached | Promise<Attached> | undefined;
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
  #live: Attached | undefined;
  #reading = false;
  readonly #delivering = Promise.withResolvers<void>();
  #client: { readonly socket: Duplex; readonly ready: Promise<unknown> } | undefined;

  constructor(options: SessionOptions) {
    super({ allowHalfOpen: true, highWaterMark: 256 * 1024 });
    this.#options = options;
    const { live, listening } = options;
    const joined = live instanceof Promise ? live.then((streams) => this.#join(streams)) : live && this.#join(live);
    this.#listening = Promise.all([listening, joined]);
  }

  /**
   * Before the first read: once `ready` (what is before the output is on its way), the output may go to this socket by
   * itself; then only last words and the end are read here.
   */
  deliverTo(socket: Duplex, ready: Promise<unknown>): void {
    this.#client = { socket, ready };
  }

  /** Settles when it can take input. */
  async #join(live: Attached): Promise<void> {
    this.#live = live;
    // Output that ends tells; a broken pipe to the monitor is the end of the output, not a fault of this client.
    live.on('error', () => undefined);
    if (this.destroyed) live.destroy();
    else if (live.deliverTo) await this.#delivering.promise;
  }

  override _read(): void {
    if (this.#reading) return;
    this.#reading = true;
    this.#output ??= output(this.#options, (live) => this.#deliver(live))[Symbol.asyncIterator]();
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

  async #deliver(live: Attached): Promise<void> {
    await this.#client?.ready.catch(() => undefined);
    if (!live.destroyed) live.deliverTo?.(this.#client?.socket);
    this.#delivering.resolve();
  }

  #finish(): void {
    this.#live?.destroy();
    if (!this.destroyed) this.push(null);
  }
}

async function* output(
  { replay, live: given, epilogue }: SessionOptions,
  deliver: (live: Attached) => Promise<void>,
): AsyncGenerator<Uint8Array> {
  if (replay) yield* replay;
  const live = await given;
  if (!live) return;
  await deliver(live);
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
