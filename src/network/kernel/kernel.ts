import { statSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Deferred } from '#async';
import { deferred } from '#async';
import type { Call, OperationName, Operations, Reply } from './protocol.ts';

const ENTRY = new URL(`./worker${extname(import.meta.filename)}`, import.meta.url);

/** It keeps next to nothing; a big young generation would only cost memory. */
const LIMITS = { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 128 };

/** What the worker says of its own accord. */
export type News = Extract<Reply, { news: string }>;

/** An operation that the kernel refused; `code` is the error's name (`EEXIST`), where it has one. */
export class KernelError extends Error {
  readonly code: string | undefined;

  constructor(message: string, code?: string) {
    super(message);
    this.name = 'KernelError';
    this.code = code;
  }
}

/** The main thread's end of the net worker. It starts with the first call or before; one that dies is started again. */
export class Kernel {
  readonly #onNews: (news: News) => void;
  readonly #pending = new Map<number, Deferred<unknown>>();
  #worker: Worker | undefined;
  #nextId = 1;

  constructor(onNews: (news: News) => void) {
    this.#onNews = onNews;
  }

  /** Starts the worker ahead of its first call: it loads meanwhile. */
  warmUp(): void {
    this.#worker ??= this.#start();
  }

  /** Runs an operation in the worker; they run one after the other in the order of the calls. */
  call<Name extends OperationName>(
    name: Name,
    argument: Operations[Name]['takes'],
  ): Promise<Operations[Name]['gives']> {
    const worker = (this.#worker ??= this.#start());
    const id = this.#nextId++;
    const answer = deferred<unknown>();
    this.#pending.set(id, answer);
    worker.ref();
    worker.postMessage({ id, name, argument } satisfies Call);
    return answer.promise as Promise<Operations[Name]['gives']>;
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
    this.#fail(new KernelError('the net worker was closed'));
  }

  #start(): Worker {
    // Starts libuv's pool from this thread: born while the worker is in a container's namespace it would stay there.
    void stat('/').catch(() => statSync('/'));
    const worker = new Worker(ENTRY, { name: 'gantry-net', resourceLimits: LIMITS });
    worker.on('message', (reply: Reply) => this.#receive(reply));
    worker.on('error', (error) => this.#lose(worker, error as Error));
    worker.on('exit', (code) => this.#lose(worker, new Error(`the net worker ended with ${code}`)));
    worker.unref();
    return worker;
  }

  #receive(reply: Reply): void {
    if ('news' in reply) {
      this.#onNews(reply);
      return;
    }
    const answer = this.#pending.get(reply.id);
    this.#pending.delete(reply.id);
    if (this.#pending.size === 0) this.#worker?.unref();
    if ('error' in reply) answer?.reject(new KernelError(reply.error.message, reply.error.code));
    else answer?.resolve(reply.result);
  }

  #lose(worker: Worker, error: Error): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    this.#fail(error);
    this.#onNews({ news: 'worker-lost', message: error.message });
  }

  #fail(error: Error): void {
    for (const answer of this.#pending.values()) answer.reject(error);
    this.#pending.clear();
  }
}
