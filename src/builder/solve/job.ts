import { randomBytes } from 'node:crypto';
import type { BuildResult } from '#build';
import type { Definition } from '#buildkit';
import { invalid } from '#errdefs';
import type { Message } from '#protobuf';
import { Feed } from '../progress/feed.ts';
import { Report } from '../progress/report.ts';

/** What the frontend is asked: directly, or by a client that is its own frontend's front. */
export interface FrontendRequest {
  readonly frontend: string;
  readonly attributes: ReadonlyMap<string, string>;
  /** Results of other builds that it uses, by the names that its attributes have for them. */
  readonly inputs?: ReadonlyMap<string, Message<typeof Definition>>;
}

/** One build that a client has begun: what it asks comes in several calls that name it. */
export class Job {
  readonly ref: string;
  readonly feed = new Feed();
  readonly report = new Report(this.feed);
  /** What the client decided: the result that is to be exported, or nothing. */
  readonly returned = Promise.withResolvers<FrontendRequest | undefined>();
  /** What came of it, once it has ended. */
  readonly outcome = Promise.withResolvers<BuildResult | undefined>();
  /** The session and the cancellation of the call that waits for the whole. */
  readonly session: string;
  readonly signal: AbortSignal;
  /** What the frontend was asked, once that is known. */
  attributes: ReadonlyMap<string, string> = new Map();
  readonly #results = new Map<string, FrontendRequest>();

  constructor(ref: string, session: string, signal: AbortSignal) {
    this.ref = ref;
    this.session = session;
    this.signal = signal;
    this.returned.promise.catch(() => {});
    this.outcome.promise.catch(() => {});
    if (signal.aborted) this.returned.reject(signal.reason);
    signal.addEventListener('abort', () => this.returned.reject(signal.reason), { once: true });
  }

  /** A name for what the frontend makes of this; it is made when it is returned. */
  promise(request: FrontendRequest): string {
    if (this.#results.size >= 1000) throw invalid('too many results of one build');
    const id = randomBytes(16).toString('hex');
    this.#results.set(id, request);
    return id;
  }

  /** What a name stands for. */
  promised(id: string): FrontendRequest {
    const found = this.#results.get(id);
    if (!found) throw invalid(`no such ref: ${id.slice(0, 100)}`);
    return found;
  }
}
