import { deadline } from '#async';
import { invalid } from '#errdefs';

type Bytes = AsyncIterable<Uint8Array>;

/** Both calls come at about the same time. */
const WAIT_MS = 5000;
const MAX_UPLOADS = 100;

/** Contexts that clients send by a call of their own, for a build that another call begins. */
export class Uploads {
  readonly #places = new Map<string, { body: PromiseWithResolvers<Bytes>; taken: PromiseWithResolvers<void> }>();

  /** Gives a body to the build of this id; resolves when it was read. */
  async give(id: string, body: Bytes): Promise<void> {
    const place = this.#place(id);
    place.body.resolve(body);
    try {
      await deadline(place.taken.promise, WAIT_MS, 'context deadline exceeded');
    } finally {
      this.#places.delete(id);
    }
  }

  /** What was given for the build of this id. */
  async take(id: string): Promise<Bytes> {
    const place = this.#place(id);
    try {
      return reading(await deadline(place.body.promise, WAIT_MS, 'context deadline exceeded'), place.taken.resolve);
    } finally {
      this.#places.delete(id);
    }
  }

  #place(id: string) {
    const place = this.#places.get(id) ?? {
      body: Promise.withResolvers<Bytes>(),
      taken: Promise.withResolvers<void>(),
    };
    if (this.#places.size >= MAX_UPLOADS) throw invalid('too many uploads at once');
    this.#places.set(id, place);
    return place;
  }
}

async function* reading(body: Bytes, done: () => void): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } finally {
    done();
  }
}
