import type { HealthResult } from '#api';
import { formatTime, nowNano } from '#api';
import { delay } from '#async';
import { millisSince } from './clock.ts';
import type { Context } from './context.ts';
import { probe } from './exec/probe.ts';
import { isProbed, judge, timings } from './health.ts';
import type { Container } from './record.ts';
import { tell } from './tell.ts';

/** The healthchecks of all running containers. Each container has at most one probe at a time. */
export class HealthChecks {
  readonly #context: () => Context;
  readonly #watched = new Map<string, AbortController>();

  constructor(context: () => Context) {
    this.#context = context;
  }

  /** Begins to probe a container that has just come to life, or was found alive. */
  watch(id: string): void {
    const container = this.#context().rows.get(id);
    if (!container || !isProbed(container.spec.config.Healthcheck)) return;
    this.forget(id);
    const controller = new AbortController();
    this.#watched.set(id, controller);
    this.#loop(container, controller.signal).catch((error) => {
      if (!controller.signal.aborted) this.#context().log.warn('healthcheck ended', { container: id, error });
    });
  }

  forget(id: string): void {
    this.#watched.get(id)?.abort();
    this.#watched.delete(id);
  }

  stop(): void {
    for (const id of [...this.#watched.keys()]) this.forget(id);
  }

  async #loop(life: Container, signal: AbortSignal): Promise<void> {
    for (;;) {
      await delay(this.#pause(life), { signal });
      const current = this.#context().rows.get(life.id);
      if (current?.status !== 'running') {
        if (current?.status === 'paused') continue;
        return;
      }
      const result = await this.#result(current, signal);
      if (signal.aborted) return;
      this.#record(current, result);
    }
  }

  /** Ms until the next probe: shorter while a container that was never healthy is in its start period. */
  #pause(life: Container): number {
    const { interval, startInterval } = timings(life.spec.config.Healthcheck!);
    const current = this.#context().rows.get(life.id);
    return current?.health?.Status === 'starting' && isStarting(current) ? startInterval : interval;
  }

  async #result(container: Container, signal: AbortSignal): Promise<HealthResult> {
    const { timeout } = timings(container.spec.config.Healthcheck!);
    const start = formatTime(nowNano());
    const { exitCode, output } = await probe(this.#context(), container, { timeoutMs: timeout, signal });
    return { Start: start, End: formatTime(nowNano()), ExitCode: exitCode, Output: output };
  }

  #record(container: Container, result: HealthResult): void {
    const { store, rows } = this.#context();
    const { retries } = timings(container.spec.config.Healthcheck!);
    store.tx(() => {
      const current = rows.get(container.id);
      if (!current?.health || current.startedAt !== container.startedAt || current.status !== 'running') return;
      const health = judge(current.health, result, { retries, inStartPeriod: isStarting(current) });
      rows.change(current.id, { health });
      if (health.Status !== current.health.Status) tell(this.#context(), current, `health_status: ${health.Status}`);
    });
  }
}

function isStarting({ spec, startedAt }: Container): boolean {
  return millisSince(startedAt) < timings(spec.config.Healthcheck!).startPeriod;
}
