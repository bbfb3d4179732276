import { delay } from '#async';
import { conflict, invalid, notFound } from '#errdefs';
import { Job } from './job.ts';

/** A client asks about a build at the same time as it begins it. */
const WAIT_MS = 6000;
const POLL_MS = 10;
/** … and may do so when it has ended already. */
const REMEMBERED_MS = 10_000;
const MAX_JOBS = 1000;
const MAX_NAME = 1000;

/** The builds that are under way. */
export class Jobs {
  readonly #jobs = new Map<string, Job>();
  readonly #ended = new Map<string, Job>();

  begin(ref: string, session: string, signal: AbortSignal): Job {
    if (ref === '') throw invalid('a build must have a ref');
    if (ref.length > MAX_NAME || session.length > MAX_NAME)
      throw invalid('the ref of a build or its session is too long');
    if (this.#jobs.has(ref)) throw conflict(`job ID ${ref} exists`);
    if (this.#jobs.size >= MAX_JOBS) throw conflict('too many builds at once');
    const job = new Job(ref, session, signal);
    this.#jobs.set(ref, job);
    return job;
  }

  end(job: Job): void {
    job.feed.end();
    this.#jobs.delete(job.ref);
    this.#ended.set(job.ref, job);
    setTimeout(() => this.#ended.delete(job.ref), REMEMBERED_MS).unref();
  }

  find(ref: string): Job | undefined {
    return this.#jobs.get(ref) ?? this.#ended.get(ref);
  }

  get all(): IterableIterator<Job> {
    return this.#jobs.values();
  }

  /** The build of this name, also one that is only about to begin. */
  async wait(ref: string, signal: AbortSignal): Promise<Job> {
    const end = performance.now() + WAIT_MS;
    for (;;) {
      const job = this.find(ref);
      if (job) return job;
      if (performance.now() > end) throw notFound(`no such job ${ref.slice(0, 100)}`);
      await delay(POLL_MS, { signal });
    }
  }
}
