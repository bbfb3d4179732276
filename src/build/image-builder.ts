import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { LayerRef } from '#image';
import type { Digest } from '#oci';
import { failpoint } from '#sys';
import { build } from './build.ts';
import type { Builder } from './builder.ts';
import type { CacheRecord, PruneOptions, PruneReport } from './cache-record.ts';
import type { Context } from './context.ts';
import { createContext } from './context.ts';
import type { BuildDeps } from './deps.ts';
import type { BuildEvents } from './events.ts';
import type { FailedStep } from './failed-step.ts';
import { forgetAllFailed, forgetFailed } from './failed-step.ts';
import type { BuildInputs } from './inputs.ts';
import { keepWithin, prune, records } from './prune.ts';
import { RemoteContext } from './remote/remote-context.ts';
import type { BuildRequest } from './request.ts';
import type { BuildResult } from './result.ts';
import { CacheRows } from './store.ts';

/** The builder of an engine. */
export class ImageBuilder implements Builder {
  readonly #context: Context;
  readonly #running = new Map<string, AbortController>();
  #collecting: Promise<unknown> | undefined;

  constructor(deps: BuildDeps) {
    this.#context = createContext(deps);
  }

  /** Start-up: what builds of a killed daemon left goes. Their snapshots and containers are swept by who owns those. */
  recover(): void {
    const { folder, volatileFolder, store, networks } = this.#context;
    const steps = join(folder, 'steps');
    mkdirSync(steps, { recursive: true, mode: 0o700 });
    this.#context.mounts.recover().catch((error) => this.#context.log.warn('removed cache mounts are left', { error }));
    forgetAllFailed(this.#context).catch((error) =>
      this.#context.log.warn('what was kept of failed steps is left', { error }),
    );
    const left = readdirSync(steps);
    if (left.length > 0) {
      store.tx(() => {
        for (const id of left) {
          networks.release(id);
          networks.forget(id);
        }
      });
      failpoint('build.recover.released');
    }
    for (const place of [steps, join(folder, 'sources'), join(folder, 'contexts'), volatileFolder]) {
      mkdirSync(place, { recursive: true, mode: 0o700 });
      for (const name of readdirSync(place)) rmSync(join(place, name), { recursive: true, force: true });
    }
  }

  /** Whether an image of this name is here. */
  hasImage(name: string): boolean {
    return this.#context.images.idOf(name) !== undefined;
  }

  /** A folder for the context of a build, empty; removed when it is disposed of. */
  #contextFolder(id: string): Disposable & { readonly path: string } {
    const path = join(this.#context.folder, 'contexts', id);
    mkdirSync(path, { recursive: true, mode: 0o755 });
    failpoint('build.context.made');
    const remove = () => {
      rmSync(path, { recursive: true, force: true });
      failpoint('build.context.removed');
    };
    return { path, [Symbol.dispose]: remove };
  }

  forgetFailed({ image }: FailedStep): Promise<void> {
    return forgetFailed(this.#context, image);
  }

  remoteContext(): RemoteContext {
    return new RemoteContext(this.#contextFolder(randomUUID()), this.#context.snapshots);
  }

  async build(
    request: BuildRequest,
    inputs: BuildInputs,
    events: BuildEvents,
    { signal, id = '' }: { readonly signal: AbortSignal; readonly id?: string },
  ): Promise<BuildResult> {
    const cancelling = new AbortController();
    if (id !== '') this.#running.set(id, cancelling);
    try {
      const either = AbortSignal.any([signal, cancelling.signal]);
      const about = { id: id || randomUUID(), startedAt: new Date() };
      return await build(this.#context, { request, inputs, events, signal: either, ...about });
    } finally {
      this.#collect();
      if (this.#running.get(id) === cancelling) this.#running.delete(id);
    }
  }

  /** One at a time, and nobody waits for it. */
  #collect(): void {
    this.#collecting ??= keepWithin(this.#context)
      .catch((error) => this.#context.log.warn('build cache not kept within its limits', { error }))
      .finally(() => {
        this.#collecting = undefined;
      });
  }

  cancel(id: string): void {
    this.#running.get(id)?.abort(new Error('context canceled'));
  }

  diskUsage(): CacheRecord[] {
    return records(this.#context);
  }

  prune(options: PruneOptions): Promise<PruneReport> {
    return prune(this.#context, options);
  }
}

/** What images ask of the cache: which layers it keeps. Needs nothing but the database. */
export function keptByCache(store: BuildDeps['store']): {
  keepsLayer(chainId: Digest): boolean;
  keptLayers(): Pick<LayerRef, 'chainId' | 'descriptor'>[];
} {
  const rows = new CacheRows(store);
  return { keepsLayer: (chainId) => rows.keeps(chainId), keptLayers: () => rows.layers() };
}
