import type { LayerRef } from '#image';
import type { Context } from '../context.ts';
import type { StepSink } from '../flights.ts';
import type { BuildInputs } from '../inputs.ts';
import type { BuildRequest } from '../request.ts';
import type { ContextTree } from './context-tree.ts';

/** What a step works with. */
export interface StepWork {
  readonly context: Context;
  readonly request: BuildRequest;
  readonly inputs: BuildInputs;
  /** A snapshot of the file system so far, which is the step's alone. */
  readonly key: string;
  readonly tree: ContextTree;
  /** Layers of other stages, by number. */
  readonly stage: (index: number) => Promise<readonly LayerRef[]>;
  readonly sink: StepSink;
  readonly signal: AbortSignal;
}
