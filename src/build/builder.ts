import type { CacheRecord, PruneOptions, PruneReport } from './cache-record.ts';
import type { BuildEvents } from './events.ts';
import type { FailedStep } from './failed-step.ts';
import type { BuildInputs } from './inputs.ts';
import type { RemoteContext } from './remote/remote-context.ts';
import type { BuildRequest } from './request.ts';
import type { BuildResult } from './result.ts';

/** What front doors may ask of the builder. */
export interface Builder {
  /** Builds and exports; an abort ends it at any moment and leaves nothing. Throws {@link BuildError} for what a step did. */
  build(
    request: BuildRequest,
    inputs: BuildInputs,
    events: BuildEvents,
    options: { readonly signal: AbortSignal; readonly id?: string },
  ): Promise<BuildResult>;
  /** A context that is fetched from elsewhere, still empty; its folder goes when it is disposed of. */
  remoteContext(): RemoteContext;
  /** Whether an image of this name is here. */
  hasImage(name: string): boolean;
  /** Removes what was kept of a failed step, as soon as nobody uses it. */
  forgetFailed(failed: FailedStep): Promise<void>;
  /** Ends the build that was begun with this id; none is success. */
  cancel(id: string): void;
  diskUsage(): CacheRecord[];
  prune(options: PruneOptions): Promise<PruneReport>;
}
