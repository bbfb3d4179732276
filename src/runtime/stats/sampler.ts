import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Deferred } from '#async';
import { deferred } from '#async';
import type { Sample, SampleSource } from './sample.ts';
import type { Answer, Question } from './sampler-worker.ts';

const ENTRY = new URL(`./sampler-worker${extname(import.meta.filename)}`, import.meta.url);
const LIMITS = { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 64 };
/** A worker that nobody asks anything goes after this. */
const IDLE_MS = 10_000;

/** Reads counters in a thread of its own, which is there only while somebody asks. */
export class Sampler {
  readonly #pending = new Map<number, Deferred<Sample>>();
  #worker: Worker | undefined;
  #idle: NodeJS.Timeout | undefined;
  #nextId = 1;

  sample(source: SampleSource): Promise<Sample> {
    const worker = (this.#worker ??= this.#start());
    const id = this.#nextId++;
    const answer = deferred<Sample>();
    this.#pending.set(id, answer);
    worker.postMessage({ id, source } satisfies Question);
    this.#idle ??= setTimeout(() => this.#rest(), IDLE_MS).unref();
    this.#idle.refresh();
    return answer.promise;
  }

  close(): void {
    clearTimeout(this.#idle);
    this.#idle = undefined;
    const worker = this.#worker;
    this.#worker = undefined;
    void worker?.terminate();
    this.#fail(new Error('the stats worker was closed'));
  }

  #start(): Worker {
    const worker = new Worker(ENTRY, { name: 'gantry-stats', resourceLimits: LIMITS });
    worker.on('message', (answer: Answer) => this.#receive(answer));
    worker.on('error', (error) => this.#lose(worker, error as Error));
    worker.on('exit', (code) => this.#lose(worker, new Error(`the stats worker ended with ${code}`)));
    worker.unref();
    return worker;
  }

  #receive(answer: Answer): void {
    const waiting = this.#pending.get(answer.id);
    this.#pending.delete(answer.id);
    if ('sample' in answer) waiting?.resolve(answer.sample);
    else waiting?.reject(new Error(answer.message));
  }

  #rest(): void {
    if (this.#pending.size === 0) this.close();
    else this.#idle?.refresh();
  }

  #lose(worker: Worker, error: Error): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    this.#fail(error);
  }

  #fail(error: Error): void {
    for (const answer of this.#pending.values()) answer.reject(error);
    this.#pending.clear();
  }
}
