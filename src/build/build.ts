import type { BuildGraph, BuildStage } from '#dockerfile';
import {
  applyPlan,
  checkConfig,
  DockerfileError,
  Findings,
  PathPatterns,
  planBuild,
  RULES,
  readIgnoreFile,
} from '#dockerfile';
import { invalid, notImplemented } from '#errdefs';
import { hostPlatform, parsePlatform } from '#oci';
import { checkAttestations, statementsOf } from './artifact/attest.ts';
import type { Base } from './bases.ts';
import { findBases } from './bases.ts';
import { checkCacheExports, exportCaches, inlineCache } from './cache/export-caches.ts';
import { ImportedCache, ImportLost } from './cache/imported.ts';
import type { Context } from './context.ts';
import type { BuildEvents } from './events.ts';
import { excerptOf } from './excerpt-of.ts';
import { exportResult } from './export.ts';
import type { BuildInputs } from './inputs.ts';
import type { BuildRequest } from './request.ts';
import type { BuildResult } from './result.ts';
import { BuildError } from './result.ts';
import type { Job } from './solve.ts';
import { Solve } from './solve.ts';

/** One build from its Dockerfile to what it is exported as. */
export interface Build {
  readonly request: BuildRequest;
  readonly inputs: BuildInputs;
  readonly events: BuildEvents;
  readonly signal: AbortSignal;
  /** A name for this build, and when it began. */
  readonly id: string;
  readonly startedAt: Date;
}

/** Plans, solves and exports. Whatever happens, nothing is left but the cache. */
export async function build(context: Context, asked: Build): Promise<BuildResult> {
  const { request, inputs, events, signal } = asked;
  checkCacheExports(request);
  if (request.squash) throw invalid('squash is only supported with experimental mode');
  await checkAttestations(context, asked);
  await using stack = new AsyncDisposableStack();
  const { graph, bases } = await inTheFile(inputs, async () => {
    const source = Buffer.from(inputs.dockerfile).toString();
    const findings = new Findings(checkConfig(source, request.buildArgs));
    const plan = planBuild(inputs.dockerfile, planOptions(request, inputs), findings);
    const found = await findBases(context, plan, { request, inputs, events, signal, stack });
    const made = applyPlan(plan);
    for (const { rule, lines, detail } of findings.all) {
      const { description, url = '' }: { description: string; url?: string } = RULES[rule];
      const source = excerptOf(inputs.dockerfileName, inputs.dockerfile, [lines]);
      events.warning(undefined, {
        level: 1,
        short: `${rule}: ${detail}`,
        detail: [description],
        url,
        source,
      });
    }
    findings.refuseIfAsked();
    return { graph: made, bases: found };
  });
  const epochs = new Map(graph.stages.map((stage) => [stage.index, epochOf(request, graph, bases, stage)]));
  const layers = new Map([...bases].map(([index, base]) => [index, base.layers]));
  const imports = await ImportedCache.open(context, asked, stack);
  const { solved, solve } = await solveAll(context, { ...asked, graph, bases: layers, epochs, imports, stack });
  const { target } = graph;
  const created = createdOf(epochs.get(target.index));
  const cache = { graph, results: solve.results, target: solved.layers, created, imports };
  const built = { stage: target, created, ...solved, ...inlineCache(asked, cache) };
  const result = await exportResult(context, asked, { built, statements: statementsOf(asked, cache, bases) });
  const response = await exportCaches(context, asked, cache);
  return { ...result, response: new Map([...result.response, ...response]) };
}

/** A build that counted on results which then were not to be had begins again without them. */
async function solveAll(
  context: Context,
  job: Job,
): Promise<{ solved: Awaited<ReturnType<Solve['run']>>; solve: Solve }> {
  for (;;) {
    const solve = new Solve(context, job);
    try {
      return { solved: await solve.run(), solve };
    } catch (error) {
      if (!(error instanceof ImportLost)) throw error;
      job.imports.restrict();
    }
  }
}

/** What is wrong with a Dockerfile is shown in it. */
async function inTheFile<T>({ dockerfile, dockerfileName }: BuildInputs, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof DockerfileError)) throw error;
    const source = excerptOf(dockerfileName, dockerfile, error.locations);
    throw new BuildError(error.message, { cause: error, ...(error.locations.length > 0 && { source }) }, error.kind);
  }
}

function planOptions(request: BuildRequest, { dockerignore }: BuildInputs) {
  const here = hostPlatform();
  const [first, ...others] = request.platforms;
  if (others.length > 0) throw notImplemented('building for several platforms at once is not supported yet');
  const targetPlatform = first === undefined ? undefined : parsePlatform(first);
  return {
    buildPlatform: here,
    ...(targetPlatform && { targetPlatform }),
    buildArgs: request.buildArgs,
    ...(request.target !== '' && { target: request.target }),
    contexts: contextNames(request),
    labels: request.labels,
    noCache: request.noCache,
    ...(dockerignore && { ignored: new PathPatterns(readIgnoreFile(dockerignore)) }),
  };
}

/** Those that are images, and folders of the client. */
function contextNames({ namedContexts, attributes }: BuildRequest): Set<string> {
  const folders = [...attributes].filter(([key, value]) => key.startsWith('context:') && value.startsWith('local:'));
  return new Set([...namedContexts.keys(), ...folders.map(([key]) => key.slice('context:'.length))]);
}

/**
 * What files may not be later than: SOURCE_DATE_EPOCH, else when the base image was made; what is built from scratch gets
 * the beginning of time.
 */
function epochOf(
  { epoch }: BuildRequest,
  graph: BuildGraph,
  bases: ReadonlyMap<number, Base>,
  stage: BuildStage,
): number | undefined {
  if (epoch === 'off') return undefined;
  if (epoch !== undefined) return epoch;
  if (stage.base.kind !== 'stage') return bases.get(stage.index)?.created ?? 0;
  const { index } = stage.base;
  return epochOf({ epoch } as BuildRequest, graph, bases, graph.stages.find((other) => other.index === index)!);
}

const createdOf = (epoch: number | undefined): number => epoch ?? Math.floor(Date.now() / 1000);
