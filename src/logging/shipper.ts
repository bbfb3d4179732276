import { randomBytes } from 'node:crypto';
import { delay } from '#async';
import type { Log } from '#log';
import { failpoint } from '#sys';
import type { Batch, Place } from './read.ts';
import { readBatches } from './read.ts';
import { startBehind } from './resume.ts';
import type { Segment } from './segments.ts';
import type { OpenSink, Sink } from './sink.ts';
import { Messages } from './sink.ts';
import type { LogSubject } from './subject.ts';

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 30_000;
/** How long bytes may be on their way in a connection that then breaks: they are sent again. */
const ON_THE_WAY_MS = 1_000;
/** A sink that hangs is left behind. */
const STOP_MS = 1_000;

export interface ShipperOptions {
  readonly subject: LogSubject;
  readonly open: OpenSink;
  /** The shipper of an earlier life, which goes first. */
  readonly after: Promise<unknown>;
  /** Where an earlier daemon, or life of the container, stopped; asked once `after` has settled. */
  readonly from: () => Place | undefined;
  /** Puts on record how far it has come. */
  readonly save: (place: Place) => void;
  /** Settles when the container has ended: what is written until then is delivered. */
  readonly over: Promise<unknown>;
  readonly log: Log;
}

/** Brings one container's log to its sink, however long that is away. It never holds up the container. */
export class Shipper {
  readonly #options: ShipperOptions;
  readonly #stopping = new AbortController();
  readonly #messages = new Messages(() => randomBytes(32).toString('hex'));
  /** Everything up to here has arrived. */
  #arrived: Place | undefined;
  /** Sent, and perhaps still on the way: with the time it was sent at. */
  #sent: { readonly place: Place; readonly at: number }[] = [];
  #timer: NodeJS.Timeout | undefined;
  #saved: Place | undefined;
  /** Whether the one before it is done. */
  hasBegun = false;
  /** Settles when all is delivered, or it was stopped. */
  readonly done: Promise<void>;

  constructor(options: ShipperOptions) {
    this.#options = options;
    this.done = this.#run();
  }

  /** What it waits for, so that another may take its place. */
  get after(): Promise<unknown> {
    return this.#options.after;
  }

  /** How far everything has arrived. */
  get arrived(): Place | undefined {
    return this.#arrived;
  }

  /** Gives up what is not delivered; what has arrived is on record. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.race([this.done, delay(STOP_MS)]);
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    await this.#options.after;
    this.hasBegun = true;
    this.#arrived = this.#saved = this.#options.from();
    for (let pause = FIRST_PAUSE_MS; !signal.aborted; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      try {
        if (await this.#deliver(() => (pause = FIRST_PAUSE_MS))) break;
      } catch (error) {
        if (!signal.aborted) this.#tell(error, pause);
      }
      clearTimeout(this.#timer);
      this.#timer = undefined;
      this.#sent = [];
      await delay(pause, { signal }).catch(() => undefined);
    }
    clearTimeout(this.#timer);
    this.#save();
  }

  /** Delivers until the log has ended; true then. Nothing to deliver: nobody is called. */
  async #deliver(onProgress: () => void): Promise<boolean> {
    const { subject, open, over } = this.#options;
    await using sinks = new AsyncDisposableStack();
    const broken = new AbortController();
    const signal = AbortSignal.any([this.#stopping.signal, broken.signal]);
    const from = this.#arrived;
    const start = (segments: readonly Segment[]) => startBehind(segments, from);
    let sink: Sink | undefined;
    for await (const batch of readBatches(subject.logPath, { start, follow: over, signal })) {
      if (!sink) {
        sink = sinks.use(await open(subject));
        failpoint('logging.sink.opened');
      }
      await this.#send(sink, batch);
      this.#settleLater(sink, broken);
      onProgress();
    }
    while (sink && this.#sent.length > 0 && !signal.aborted) {
      await delay(ON_THE_WAY_MS, { signal }).catch(() => undefined);
      await this.#settle(sink);
    }
    broken.signal.throwIfAborted();
    return !signal.aborted;
  }

  async #send(sink: Sink, { entries, end }: Batch): Promise<void> {
    await sink.send(entries.map((entry) => this.#messages.of(entry)));
    failpoint('logging.batch.sent');
    if (sink.isConfirmed) this.#arrived = end;
    else this.#sent.push({ place: end, at: performance.now() });
  }

  #settleLater(sink: Sink, broken: AbortController): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#settle(sink).then(
        () => this.#sent.length > 0 && this.#settleLater(sink, broken),
        (error) => broken.abort(error),
      );
    }, ON_THE_WAY_MS).unref();
  }

  /** What was sent long enough ago has arrived, if the connection still stands. */
  async #settle(sink: Sink): Promise<void> {
    await sink.send([]);
    const before = performance.now() - ON_THE_WAY_MS / 2;
    while (this.#sent.length > 0 && this.#sent[0]!.at <= before) this.#arrived = this.#sent.shift()!.place;
    this.#save();
  }

  #save(): void {
    if (!this.#arrived || this.#arrived === this.#saved) return;
    this.#saved = this.#arrived;
    this.#options.save(this.#arrived);
    failpoint('logging.cursor.saved');
  }

  #tell(error: unknown, pause: number): void {
    const { log, subject } = this.#options;
    const { id: container, driver } = subject;
    if (pause === FIRST_PAUSE_MS) log.warn('log not delivered, trying again', { container, driver, error });
    else log.debug('log still not delivered', { container, driver, error });
  }
}
