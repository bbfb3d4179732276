import { randomBytes } from 'node:crypto';
import type { BuildGraph, BuildStage, Step } from '#dockerfile';
import { EngineError } from '#errdefs';
import type { LayerRef } from '#image';
import type { Digest } from '#oci';
import { digestOf } from '#oci';
import { failpoint } from '#sys';
import type { ImportedCache } from './cache/imported.ts';
import { ImportLost } from './cache/imported.ts';
import type { StepResult } from './cache/step-results.ts';
import type { Context } from './context.ts';
import type { BuildEvents, Vertex } from './events.ts';
import { excerptOf } from './excerpt-of.ts';
import { keepFailed } from './failed-step.ts';
import type { StepSink } from './flights.ts';
import type { BuiltStage } from './image-document.ts';
import type { BuildInputs } from './inputs.ts';
import { ContextTree } from './ops/context-tree.ts';
import { copy } from './ops/copy.ts';
import { run } from './ops/run.ts';
import type { StepWork } from './ops/step-work.ts';
import { workdir } from './ops/workdir.ts';
import { originsOf } from './origins.ts';
import type { BuildRequest } from './request.ts';
import { BuildError } from './result.ts';
import { contentKey, stepKey } from './step-key.ts';

/** A build whose steps are known. */
export interface Job {
  readonly request: BuildRequest;
  readonly inputs: BuildInputs;
  readonly events: BuildEvents;
  readonly graph: BuildGraph;
  /** The layers that a stage of an image begins with, by the stage's number. */
  readonly bases: ReadonlyMap<number, readonly LayerRef[]>;
  /** By stage: no file is later than this, in seconds. */
  readonly epochs: ReadonlyMap<number, number | undefined>;
  readonly imports: ImportedCache;
  readonly signal: AbortSignal;
  readonly stack: AsyncDisposableStack;
}

type Solved = Pick<BuiltStage, 'layers' | 'added'>;

/** Solves the graph of one build: stages at the same time, the steps of a stage one after the other. */
export class Solve {
  readonly #context: Context;
  readonly #job: Job;
  readonly #tree: ContextTree;
  readonly #stages = new Map<number, Promise<Solved>>();
  /** Ends when a step has failed: the others need not go on. */
  readonly #failure = new AbortController();
  readonly #signal: AbortSignal;
  readonly #vertices = new Map<Step, Vertex>();
  readonly #results = new Map<Step, StepResult>();

  constructor(context: Context, job: Job) {
    this.#context = context;
    this.#job = job;
    this.#signal = AbortSignal.any([job.signal, this.#failure.signal]);
    this.#tree = new ContextTree(context, job.inputs, this.#signal);
    this.#announce();
  }

  /** The layers of the target. Settles when nothing of the build is under way any more. */
  async run(): Promise<Solved> {
    const { stages, target } = this.#job.graph;
    const all = stages.map(({ index }) => this.#stage(index));
    // The first failure is the one to tell: the others follow from it.
    let first: unknown;
    const results = await Promise.allSettled(
      all.map((stage) =>
        stage.catch((error) => {
          first ??= error;
          this.#failure.abort(error);
          throw error;
        }),
      ),
    );
    this.#job.signal.throwIfAborted();
    if (results.some(({ status }) => status === 'rejected')) throw first;
    const solved = await this.#stage(target.index);
    return { ...solved, layers: await this.#job.imports.here(solved.layers) };
  }

  /** What each step is found by and what it left, for caches that are exported. */
  get results(): ReadonlyMap<Step, StepResult> {
    return this.#results;
  }

  #announce(): void {
    const { stages } = this.#job.graph;
    const last = new Map<number, Digest>();
    let number = 0;
    for (const stage of stages) {
      let below = stage.base.kind === 'stage' ? last.get(stage.base.index) : this.#announceBase(stage);
      for (const step of stage.steps) {
        const inputs = [...(below ? [below] : []), ...originsOf(step).flatMap((index) => last.get(index) ?? [])];
        const digest = digestOf(Buffer.from(JSON.stringify([stage.index, step.title, step.lines, inputs])));
        const vertex = { digest, name: step.title, inputs, line: step.lines.first, step: ++number };
        this.#vertices.set(step, vertex);
        this.#job.events.vertex(vertex);
        below = digest;
      }
      if (below) last.set(stage.index, below);
    }
  }

  /** What an image begins is here already. */
  #announceBase({ base, index, steps }: BuildStage): Digest | undefined {
    if (base.kind !== 'image' || base.title === undefined) return undefined;
    const { events } = this.#job;
    const digest = digestOf(Buffer.from(JSON.stringify(['base', index, base.title])));
    events.vertex({ digest, name: base.title, inputs: [], line: 0, step: 0 });
    events.started(digest);
    events.completed(digest, { cached: steps.length > 0 });
    return digest;
  }

  #stage(index: number): Promise<Solved> {
    let solved = this.#stages.get(index);
    if (!solved) {
      solved = this.#solveStage(this.#job.graph.stages.find((stage) => stage.index === index)!);
      solved.catch(() => undefined);
      this.#stages.set(index, solved);
    }
    return solved;
  }

  async #solveStage(stage: BuildStage): Promise<Solved> {
    const { bases } = this.#job;
    let { layers, added }: Solved =
      stage.base.kind === 'stage'
        ? await this.#stage(stage.base.index)
        : { layers: bases.get(stage.index) ?? [], added: [] };
    for (const step of stage.steps) {
      const layer = await this.#step(stage, step, layers);
      if (layer) layers = [...layers, layer];
      added = [...added, layer !== undefined];
    }
    return { layers, added };
  }

  async #step(stage: BuildStage, step: Step, layers: readonly LayerRef[]): Promise<LayerRef | undefined> {
    const { events } = this.#job;
    const vertex = this.#vertices.get(step)!;
    try {
      return await this.#solveStep(stage, step, layers);
    } catch (error) {
      // No failure of the step: it is done again.
      if (error instanceof ImportLost) throw error;
      const told = this.#explain(error, vertex, step);
      events.failed(vertex.digest, told);
      throw told;
    }
  }

  async #solveStep(stage: BuildStage, step: Step, layers: readonly LayerRef[]): Promise<LayerRef | undefined> {
    const { request, epochs } = this.#job;
    const epoch = epochs.get(stage.index);
    this.#signal.throwIfAborted();
    const others = async (index: number) => (await this.#stage(index)).layers;
    const input = { step, stage, layers, epoch, request, tree: this.#tree, others };
    const key = await stepKey(input);
    const cached = stage.ignoresCache ? undefined : this.#find(key, step, layers);
    if (cached) return this.#leave(step, { keys: [key], before: layers, layer: cached.layer });
    const byContent = await contentKey({ ...input, others: this.#unpacked }, this.#context.snapshots);
    const keys = byContent === undefined ? [key] : [key, byContent];
    const same = stage.ignoresCache || byContent === undefined ? undefined : this.#find(byContent, step, layers);
    if (same) return this.#leave(step, { keys, before: layers, layer: same.layer });
    const below = await this.#job.imports.here(layers);
    const layer = await this.#do({ keys, name: this.#vertices.get(step)!.name, epoch, layers: below, step, stage });
    return this.#leave(step, { keys, before: layers, layer });
  }

  /** The layers of a stage, to be read. */
  readonly #unpacked = async (index: number): Promise<readonly LayerRef[]> =>
    await this.#job.imports.here((await this.#stage(index)).layers);

  #leave(step: Step, result: StepResult): LayerRef | undefined {
    this.#results.set(step, result);
    return result.layer;
  }

  #find(key: string, step: Step, layers: readonly LayerRef[]): { layer: LayerRef | undefined } | undefined {
    const { events, imports } = this.#job;
    const { digest, name } = this.#vertices.get(step)!;
    const own = this.#reuse(key, digest);
    const found = own ?? imports.find(key, layers, name);
    if (!found || own) return own;
    events.started(digest);
    events.completed(digest, { cached: true });
    return found;
  }

  /** Does a step, or waits for who does the same. */
  async #do(making: Making): Promise<LayerRef | undefined> {
    const { events, stack } = this.#job;
    const { images, flights } = this.#context;
    const { digest } = this.#vertices.get(making.step)!;
    const [key] = making.keys;
    const flight = making.stage.ignoresCache ? `${key} ${randomBytes(8).toString('hex')}` : key!;
    const sink = sinkOf(events, digest);
    const made = await flights.join(flight, { sink, signal: this.#signal }, (all, signal) =>
      this.#make(making, all, signal),
    );
    if (made) stack.use(images.keep([made]));
    events.completed(digest, { cached: false });
    return made;
  }

  /** What the cache has for a key, if all of it is there. */
  #reuse(key: string, digest: Digest): { layer: LayerRef | undefined } | undefined {
    const { events, stack } = this.#job;
    const { rows, images, snapshots, store } = this.#context;
    const found = rows.get(key);
    if (!found?.chain.every(({ chainId }) => snapshots.has(chainId))) return undefined;
    stack.use(images.keep(found.chain));
    store.tx(() => rows.used(key, Date.now()));
    failpoint('build.step.reused');
    events.started(digest);
    events.completed(digest, { cached: true });
    return { layer: found.own ? found.chain.at(-1) : undefined };
  }

  /** Does a step and keeps its result. */
  async #make(
    { keys, name, epoch, layers, step, stage }: Making,
    sink: StepSink,
    signal: AbortSignal,
  ): Promise<LayerRef | undefined> {
    const { images, snapshots, rows } = this.#context;
    const { request, inputs } = this.#job;
    sink.started();
    // The id of a container too, should it need one.
    const id = randomBytes(32).toString('hex');
    await snapshots.prepare(
      id,
      layers.map(({ chainId }) => chainId),
    );
    failpoint('build.step.prepared');
    try {
      const purpose = step.effect.kind === 'run' ? ('run' as const) : ('step' as const);
      const options = { signal, adopts: true, purpose, ...(epoch === undefined ? {} : { latest: epoch }) };
      await using commit = snapshots.prepareCommit(id, options);
      const shared = { context: this.#context, request, inputs, tree: this.#tree, stage: this.#unpacked };
      const work = { ...shared, key: id, sink, signal };
      await perform(work, step).catch((error) => this.#examine(error, { id, layers, step, stage, commit, signal }));
      failpoint('build.step.done');
      return await images.addLayer({
        below: layers,
        signal,
        write: (output) => commit.write(output),
        record: (layer) => {
          const chain = layer ? [...layers, layer] : layers;
          const now = Date.now();
          for (const [n, id] of keys.entries()) {
            rows.put({
              ...{
                id,
                type: n === 0 ? 'regular' : 'internal',
                description: name,
                chain,
                own: layer !== undefined,
                parents: [],
              },
              ...{ size: n === 0 ? (layer?.size ?? 0) : 0, createdAt: now, usedAt: now, uses: 0 },
            });
          }
        },
      });
    } finally {
      await snapshots.remove(id);
      failpoint('build.step.removed');
    }
  }

  /** Who wants to look into the files of a step that failed gets them. */
  async #examine(error: unknown, failed: Parameters<typeof keepFailed>[1]): Promise<never> {
    const { onFailed } = this.#job.inputs;
    if (onFailed && !failed.signal.aborted) onFailed(await keepFailed(this.#context, failed));
    throw error;
  }

  #explain(error: unknown, vertex: Vertex, step: Step): Error {
    if (this.#signal.aborted && !(error instanceof BuildError)) {
      const { reason } = this.#signal;
      if (error === reason || !(error instanceof EngineError))
        return reason instanceof Error ? reason : (error as Error);
    }
    const { dockerfile, dockerfileName } = this.#job.inputs;
    const source = excerptOf(dockerfileName, dockerfile, [step.lines]);
    const cause = error instanceof Error ? error : new Error(String(error));
    if (!(error instanceof EngineError)) return cause;
    const exitCode = error instanceof BuildError ? error.exitCode : 0;
    if (error instanceof BuildError && error.vertex) return error;
    return new BuildError(wording(step, error.message), { cause, exitCode, source, vertex: vertex.digest }, error.kind);
  }
}

interface Making {
  /** What it is found by. */
  readonly keys: readonly string[];
  readonly name: string;
  readonly epoch: number | undefined;
  readonly layers: readonly LayerRef[];
  readonly step: Step;
  readonly stage: BuildStage;
}

/** BuildKit's words around the failure of a step. */
function wording({ effect }: Step, message: string): string {
  return effect.kind === 'copy' && message.endsWith(': not found')
    ? effect.origin.kind === 'stage'
      ? `lstat ${message.slice(1, message.indexOf('"', 1))}: no such file or directory`
      : `failed to compute cache key: failed to calculate checksum of ref: ${message}`
    : message;
}

async function perform(work: StepWork, step: Step): Promise<void> {
  const { effect } = step;
  if (effect.kind === 'run') await run(work, effect);
  else if (effect.kind === 'copy') await copy(work, effect);
  else await workdir(work, effect);
}

function sinkOf(events: BuildEvents, digest: Digest): StepSink {
  const started = new Map<string, Date>();
  return {
    started: () => events.started(digest),
    log: (stream, chunk) => events.log(digest, stream, chunk),
    status: (id, current, total) => {
      if (!started.has(id)) started.set(id, new Date());
      events.status(digest, { id, name: id, current, total, started: started.get(id)! });
    },
  };
}
