import { invalid } from '#errdefs';
import type { Log } from '#log';
import type { Store } from '#store';
import { compressRotated } from './compress.ts';
import { openFluentd } from './drivers/fluentd.ts';
import { openGelf } from './drivers/gelf.ts';
import { openJournald } from './drivers/journald.ts';
import type { LogPlugin } from './drivers/plugin.ts';
import { openPlugin } from './drivers/plugin.ts';
import { openSyslog } from './drivers/syslog.ts';
import type { LogFile } from './log-file.ts';
import { BUILT_IN, isForeign } from './options.ts';
import { inodeOf } from './segments.ts';
import { Shipper } from './shipper.ts';
import type { OpenSink } from './sink.ts';
import { Cursors } from './store.ts';
import type { LogSubject } from './subject.ts';

const COMPRESS_EVERY_MS = 5_000;
/** How long a removal waits for what is not delivered. */
const LAST_WORDS_MS = 3_000;

const SINKS: Readonly<Record<string, OpenSink>> = {
  syslog: openSyslog,
  gelf: openGelf,
  fluentd: openFluentd,
  journald: openJournald,
};

export interface LoggingOptions {
  readonly store: Store;
  /** Of the fifos that plugins read. */
  readonly folder: string;
  readonly plugins: {
    get(name: string, kind: 'LogDriver'): Promise<LogPlugin>;
    implementing(kind: 'LogDriver'): Promise<string[]>;
  };
  readonly log: Log;
}

/** A container whose log is cared for: what its life tells. */
interface Care {
  readonly shipper: Shipper | undefined;
  /** Of an earlier life, perhaps still busy. */
  readonly before: Shipper | undefined;
  readonly compress: { readonly path: string; readonly maxFile: number } | undefined;
}

/** What the daemon does with logs beside reading them: brings them to sinks and compresses what was rotated. */
export class Logging implements AsyncDisposable {
  readonly #options: LoggingOptions;
  readonly #cursors: Cursors;
  readonly #cared = new Map<string, Care>();
  #timer: NodeJS.Timeout | undefined;
  #compressing: Promise<unknown> = Promise.resolve();

  constructor(options: LoggingOptions) {
    this.#options = options;
    this.#cursors = new Cursors(options.store);
  }

  async assertPlugin(driver: string): Promise<void> {
    await this.#options.plugins.get(driver, 'LogDriver').catch((error: Error) => {
      throw invalid(`error looking up logging plugin ${driver}: ${error.message}`, error);
    });
  }

  /** The drivers of this host, plugins included. */
  async drivers(): Promise<string[]> {
    return [...BUILT_IN, ...(await this.#options.plugins.implementing('LogDriver'))].sort();
  }

  /** From now until `over` settles the container may write; what an earlier life left undelivered goes ahead. */
  care(subject: LogSubject, file: LogFile, over: Promise<unknown>): void {
    const open = this.#sinkOf(subject.driver);
    const compress = file.compress ? { path: subject.logPath, maxFile: file.maxFile } : undefined;
    if (!open && !compress) return;
    const { id } = subject;
    const earlier = this.#cared.get(id);
    const shipper = open && this.#ship(subject, { open, over, before: turnAfter(earlier?.shipper) });
    const before = earlier?.shipper?.hasBegun ? earlier.shipper : earlier?.before;
    this.#cared.set(id, { shipper, before, compress });
    if (compress) this.#timer ??= setInterval(() => this.#compressAll(), COMPRESS_EVERY_MS).unref();
    const ended = Promise.all([over, shipper?.done]);
    ended.then(() => this.#end(id, { shipper, before, compress })).catch(() => undefined);
  }

  /** Waits a moment for what is not delivered yet, as the files are about to go. */
  async release(id: string): Promise<void> {
    const care = this.#cared.get(id);
    if (!care) return;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise((resolve) => (timer = setTimeout(resolve, LAST_WORDS_MS)));
    await Promise.race([care.shipper?.done, late]);
    clearTimeout(timer);
    await stop(care);
    this.#cared.delete(id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all([...this.#cared.values()].map(stop));
    await this.#compressing;
  }

  #sinkOf(driver: string): OpenSink | undefined {
    if (Object.hasOwn(SINKS, driver)) return SINKS[driver];
    if (!isForeign(driver)) return undefined;
    const { plugins, folder } = this.#options;
    return async (subject) => openPlugin(subject, await plugins.get(driver, 'LogDriver'), folder);
  }

  #ship(subject: LogSubject, of: { open: OpenSink; over: Promise<unknown>; before: Promise<unknown> }): Shipper {
    return new Shipper({
      subject,
      open: of.open,
      over: of.over,
      after: of.before,
      from: () => this.#cursors.get(subject.id),
      save: (place) => this.#cursors.set(subject.id, place),
      log: this.#options.log,
    });
  }

  #end(id: string, care: Care): void {
    if (this.#cared.get(id)?.shipper === care.shipper) this.#cared.delete(id);
    this.#compress(care);
    if (this.#cared.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #compressAll(): void {
    for (const care of this.#cared.values()) this.#compress(care);
  }

  /** One after the other; files that are not delivered yet stay as they are, as their places are known by them. */
  #compress({ shipper, compress }: Care): void {
    if (!compress) return;
    const { path, maxFile } = compress;
    this.#compressing = this.#compressing
      .then(async () => {
        if (!shipper || shipper.arrived?.inode === (await inodeOf(path))) await compressRotated(path, maxFile);
      })
      .catch((error) => this.#options.log.warn('rotated log not compressed', { path, error }));
  }
}

const stop = ({ shipper, before }: Care) => Promise.all([before?.stop(), shipper?.stop()]);

/** When the next life's turn is: after the one that is busy. One that still waits for its turn is replaced. */
function turnAfter(earlier: Shipper | undefined): Promise<unknown> {
  if (!earlier) return Promise.resolve();
  if (earlier.hasBegun) return earlier.done;
  void earlier.stop();
  return earlier.after;
}
