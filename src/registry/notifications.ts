import { randomUUID } from 'node:crypto';
import { delay } from '#async';
import type { Log } from '#log';
import type { EndpointConfig } from './config.ts';
import type { RegistryEvent } from './registry.ts';

const WAITING_MOST = 10_000;
const TRIES = 8;
const BACKOFF_MOST_MS = 60_000;
const EVENTS_TYPE = 'application/vnd.docker.distribution.events.v1+json';

/** Tells others of events, in the form of Docker's registry: each endpoint in order, again and again until it listens. */
export class Notifications implements Disposable {
  readonly #endpoints: readonly Endpoint[];

  constructor(endpoints: readonly EndpointConfig[], log: Log) {
    this.#endpoints = endpoints.map((config) => new Endpoint(config, log));
  }

  tell(event: RegistryEvent): void {
    if (this.#endpoints.length === 0) return;
    const { action, repository, digest, size, mediaType, tag, fromRepository } = event;
    const url = mediaType ? `/v2/${repository}/manifests/${digest}` : `/v2/${repository}/blobs/${digest}`;
    const target = {
      ...(mediaType && { mediaType }),
      ...(size !== undefined && { size, length: size }),
      ...{ digest, repository, url },
      ...(tag !== undefined && { tag }),
      ...(fromRepository && { fromRepository }),
    };
    const told = { id: randomUUID(), timestamp: new Date().toISOString(), action, target, request: {}, actor: {} };
    for (const endpoint of this.#endpoints) endpoint.add(told);
  }

  [Symbol.dispose](): void {
    for (const endpoint of this.#endpoints) endpoint.stop();
  }
}

class Endpoint {
  readonly #config: EndpointConfig;
  readonly #log: Log;
  readonly #end = new AbortController();
  readonly #waiting: object[] = [];
  #isSending = false;

  constructor(config: EndpointConfig, log: Log) {
    this.#config = config;
    this.#log = log.child({ endpoint: config.name });
  }

  add(event: object): void {
    if (this.#waiting.length >= WAITING_MOST) this.#log.warn('an event is dropped: too many wait');
    else this.#waiting.push(event);
    if (!this.#isSending) void this.#send();
  }

  stop(): void {
    this.#end.abort();
  }

  async #send(): Promise<void> {
    this.#isSending = true;
    for (let event = this.#waiting.shift(); event && !this.#end.signal.aborted; event = this.#waiting.shift()) {
      await this.#deliver(event).catch((error) => this.#log.warn('an event is not delivered', { error }));
    }
    this.#isSending = false;
  }

  async #deliver(event: object): Promise<void> {
    const { url, headers, timeoutMs, backoffMs } = this.#config;
    const body = JSON.stringify({ events: [event] });
    for (let attempt = 1; ; attempt++) {
      try {
        const signal = AbortSignal.any([this.#end.signal, AbortSignal.timeout(timeoutMs)]);
        const all = { ...headers, 'Content-Type': EVENTS_TYPE };
        const answer = await fetch(url, { method: 'POST', headers: all, body, signal, redirect: 'error' });
        await answer.body?.cancel();
        if (answer.ok) return;
        throw new Error(`the endpoint answered ${answer.status}`);
      } catch (error) {
        if (attempt === TRIES || this.#end.signal.aborted) throw error;
        await delay(Math.min(backoffMs * 2 ** (attempt - 1), BACKOFF_MOST_MS), { signal: this.#end.signal });
      }
    }
  }
}
