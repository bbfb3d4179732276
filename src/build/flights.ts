/** What a step says while it runs. */
export interface StepSink {
  started(): void;
  log(stream: 'stdout' | 'stderr', chunk: Uint8Array): void;
  status(id: string, current: number, total: number): void;
}

/** What is kept for those who join a step that runs already. */
const BACKLOG_BYTES = 2 ** 20;

interface Flight<T> {
  readonly controller: AbortController;
  readonly sinks: Set<StepSink>;
  readonly backlog: ((sink: StepSink) => void)[];
  backlogBytes: number;
  readonly result: Promise<T>;
}

/** Its inputs were the client's who has left: whoever else waits does it again. */
class OwnerLeft extends Error {}

/** Equal work of several builds is done once: each hears of it. */
export class Flights<T> {
  readonly #flights = new Map<string, Flight<T>>();

  /** Joins the work under way for a key, or begins it. An abort leaves it, and ends it for who began it. */
  async join(
    key: string,
    waiting: { readonly sink: StepSink; readonly signal: AbortSignal },
    work: (sink: StepSink, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    for (;;) {
      try {
        return await this.#joinOnce(key, waiting, work);
      } catch (error) {
        if (waiting.signal.aborted || !(error instanceof OwnerLeft)) throw error;
      }
    }
  }

  async #joinOnce(
    key: string,
    { sink, signal }: { readonly sink: StepSink; readonly signal: AbortSignal },
    work: (sink: StepSink, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    signal.throwIfAborted();
    let flight = this.#flights.get(key);
    // One that is being ended has no result for anybody.
    while (flight?.controller.signal.aborted) {
      await flight.result.catch(() => undefined);
      signal.throwIfAborted();
      flight = this.#flights.get(key);
    }
    const isOwner = flight === undefined;
    flight ??= this.#begin(key, work);
    for (const tell of flight.backlog) tell(sink);
    flight.sinks.add(sink);
    return await wait(flight, { sink, signal, isOwner });
  }

  /** How much work is under way. */
  get size(): number {
    return this.#flights.size;
  }

  #begin(key: string, work: (sink: StepSink, signal: AbortSignal) => Promise<T>): Flight<T> {
    const controller = new AbortController();
    const sinks = new Set<StepSink>();
    const backlog: Flight<T>['backlog'] = [];
    const tell = (bytes: number, news: (sink: StepSink) => void) => {
      flight.backlogBytes += bytes;
      if (flight.backlogBytes <= BACKLOG_BYTES) backlog.push(news);
      for (const sink of sinks) news(sink);
    };
    const all: StepSink = {
      started: () => tell(1, (sink) => sink.started()),
      log: (stream, chunk) => tell(chunk.length, (sink) => sink.log(stream, chunk)),
      status: (id, current, total) => tell(100, (sink) => sink.status(id, current, total)),
    };
    // After this turn, so that who begins it hears its first words.
    const result = Promise.resolve()
      .then(() => work(all, controller.signal))
      .finally(() => this.#flights.delete(key));
    const flight: Flight<T> = { controller, sinks, backlog, backlogBytes: 0, result };
    this.#flights.set(key, flight);
    return flight;
  }
}

interface Waiting {
  readonly sink: StepSink;
  readonly signal: AbortSignal;
  readonly isOwner: boolean;
}

async function wait<T>({ result, sinks, controller }: Flight<T>, { sink, signal, isOwner }: Waiting): Promise<T> {
  const left = Promise.withResolvers<never>();
  const leave = () => {
    sinks.delete(sink);
    if (!isOwner) return left.reject(signal.reason);
    controller.abort(new OwnerLeft('the build that did this step was ended'));
    // Whoever ended it sees that nothing of it is left.
    const done = () => left.reject(signal.reason);
    result.then(done, done);
  };
  signal.addEventListener('abort', leave, { once: true });
  try {
    return await Promise.race([result, left.promise]);
  } catch (error) {
    // However the work put its end into words.
    throw controller.signal.aborted ? (signal.aborted ? signal.reason : controller.signal.reason) : error;
  } finally {
    signal.removeEventListener('abort', leave);
    sinks.delete(sink);
  }
}
