import { randomBytes } from 'node:crypto';
import type { ExecConfig } from '#api';
import { notFound } from '#errdefs';

/** An exec that has ended is kept this long, so that its exit code can be asked for. */
const KEPT_MS = 5 * 60_000;
const SWEEP_MS = 60_000;

export type ExecStatus = 'created' | 'running' | 'ended';

/** A further process in a container. In memory: it ends with the daemon's knowledge of its client. */
export interface Exec {
  readonly id: string;
  readonly containerId: string;
  readonly config: ExecConfig;
  readonly detachKeys: Uint8Array | undefined;
  status: ExecStatus;
  pid: number;
  exitCode: number | null;
  /** Resolves when its end is known. */
  readonly ended: Promise<number>;
}

interface Kept extends Exec {
  readonly end: (exitCode: number) => void;
  endedAt: number;
}

/** The execs of all containers. */
export class Execs {
  readonly #byId = new Map<string, Kept>();
  readonly #timer: NodeJS.Timeout;

  constructor() {
    this.#timer = setInterval(() => this.#sweep(), SWEEP_MS).unref();
  }

  add(containerId: string, config: ExecConfig, detachKeys: Uint8Array | undefined): Exec {
    const { promise, resolve } = Promise.withResolvers<number>();
    const exec: Kept = {
      id: randomBytes(32).toString('hex'),
      containerId,
      config,
      detachKeys,
      status: 'created',
      pid: 0,
      exitCode: null,
      ended: promise,
      end: resolve,
      endedAt: 0,
    };
    this.#byId.set(exec.id, exec);
    return exec;
  }

  get(id: string): Exec {
    const exec = this.#byId.get(id);
    if (!exec) throw notFound(`No such exec instance: ${id}`);
    return exec;
  }

  has(id: string): boolean {
    return this.#byId.has(id);
  }

  /** Records the end; a second one is nothing. True when it was the first. */
  end(id: string, exitCode: number): boolean {
    const exec = this.#byId.get(id);
    if (!exec || exec.status === 'ended') return false;
    exec.status = 'ended';
    exec.exitCode = exitCode;
    exec.endedAt = performance.now();
    exec.end(exitCode);
    return true;
  }

  /** The container has ended, and everything in it. */
  endAll(containerId: string): void {
    for (const exec of this.#byId.values()) {
      if (exec.containerId !== containerId) continue;
      if (exec.status === 'created') this.#byId.delete(exec.id);
      else this.end(exec.id, 137);
    }
  }

  /** The container is gone. */
  forgetAll(containerId: string): void {
    this.endAll(containerId);
    for (const { id, containerId: owner } of this.#byId.values()) if (owner === containerId) this.#byId.delete(id);
  }

  /** Those of inspect: not ended yet; null when there are none. */
  idsOf(containerId: string): string[] | null {
    const ids = [...this.#byId.values()]
      .filter((exec) => exec.containerId === containerId && exec.status !== 'ended')
      .map(({ id }) => id);
    return ids.length === 0 ? null : ids;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #sweep(): void {
    const oldest = performance.now() - KEPT_MS;
    for (const exec of this.#byId.values()) {
      if (exec.status === 'ended' && exec.endedAt < oldest) this.#byId.delete(exec.id);
    }
  }
}
