import type { Step } from '#dockerfile';
import { invalid } from '#errdefs';
import type { LayerRef } from '#image';
import { recordsDocument } from '#oci';
import type { Build } from '../build.ts';
import type { Context } from '../context.ts';
import type { BuildRequest, CacheEntry } from '../request.ts';
import { flagOf } from './compression.ts';
import type { ImportedCache } from './imported.ts';
import type { BuiltSteps, StepResult } from './step-results.ts';
import { draftCache } from './step-results.ts';
import { targetOf } from './target.ts';
import { asVertex } from './vertex.ts';
import { writeCache } from './write-cache.ts';

/** A build whose steps may become a cache. */
export interface Cacheable extends BuiltSteps {
  /** When the image was made, in seconds: caches say the same of their layers. */
  readonly created: number;
  readonly imports: ImportedCache;
}

/** Refuses what cannot be written before anything is built. */
export function checkCacheExports({ cacheTo }: BuildRequest): void {
  for (const entry of cacheTo) {
    if (entry.type !== 'inline') targetOf(entry);
    modeOf(entry);
  }
}

function modeOf({ attributes }: CacheEntry): 'min' | 'max' {
  const mode = attributes.get('mode') ?? 'min';
  if (mode === 'min' || mode === 'max') return mode;
  throw invalid(`unsupported cache export mode: ${JSON.stringify(mode)}`);
}

/** The records that become part of the image's own config, when they are asked for. */
export function inlineCache({ request }: Pick<Build, 'request'>, cache: Cacheable): { inlineCache?: string } {
  const isAsked = request.cacheTo.some(({ type }) => type === 'inline');
  if (!isAsked && !isTrue(request.buildArgs.get('BUILDKIT_INLINE_CACHE'))) return {};
  // Layers are numbered as in the image's manifest, which has all of them and no others.
  const { layers, records } = draftCache({ ...cache, results: firstKeys(cache.results) }, 'min');
  const numbers = new Map(cache.target.map(({ chainId }, i) => [chainId, i]));
  const own = records.map((record) => {
    if (record.layer === undefined) return record;
    return { ...record, layer: numbers.get(layers[record.layer]!.layer.chainId)! };
  });
  if (own.length === 0) return {};
  const document = JSON.stringify(recordsDocument(own, timeOf(cache.created)));
  return { inlineCache: Buffer.from(document).toString('base64') };
}

const isTrue = (text: string | undefined): boolean => text !== undefined && /^(1|t|true)$/i.test(text);

export const timeOf = (seconds: number): string => new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');

/** Writes the caches that a build is asked to; what the last of them answers its client. */
export async function exportCaches(
  context: Context,
  build: Build,
  cache: Cacheable,
): Promise<ReadonlyMap<string, string>> {
  let response: ReadonlyMap<string, string> = new Map();
  for (const entry of build.request.cacheTo) {
    if (entry.type === 'inline') continue;
    const target = targetOf(entry);
    try {
      response = await asVertex(build.events, target.title, async (tell) => {
        using _preparing = tell('preparing build cache for export');
        const draft = draftCache(await withLayers(allKeys(context, cache), modeOf(entry)), modeOf(entry));
        return await writeCache(context, build, { draft, target, tell, createdAt: timeOf(cache.created) });
      });
    } catch (error) {
      build.signal.throwIfAborted();
      if (!flagOf(entry.attributes, 'ignore-error', false)) throw error;
      context.log.info('a build cache is not exported', { to: target.title, error });
    }
  }
  return response;
}

/** An image must not depend on how its steps were found. */
function firstKeys(results: BuiltSteps['results']): Map<Step, StepResult> {
  return new Map([...results].map(([step, result]) => [step, { ...result, keys: result.keys.slice(0, 1) }]));
}

/** Results that were found by one key may have others, by the content that they were made of. */
function allKeys({ rows }: Pick<Context, 'rows'>, cache: Cacheable): Cacheable {
  const others = new Map<string, string[]>();
  for (const { id, type, own, chain } of rows.all()) {
    const top = own && type === 'internal' ? chain.at(-1)?.chainId : undefined;
    if (top) others.set(top, [...(others.get(top) ?? []), id]);
  }
  const results = [...cache.results].map(([step, result]): [Step, StepResult] => {
    const found = (result.layer && others.get(result.layer.chainId)) ?? [];
    return [step, { ...result, keys: [...new Set([...result.keys, ...found])] }];
  });
  return { ...cache, results: new Map(results) };
}

/** With `max` the layers of all stages are needed: those that were only known of are fetched, as far as they can be. */
async function withLayers(cache: Cacheable, mode: 'min' | 'max'): Promise<BuiltSteps> {
  const { results, imports } = cache;
  const here = async (layers: readonly LayerRef[]) => await imports.here(layers).catch(() => undefined);
  const found = new Map<Step, StepResult>();
  for (const [step, result] of results) {
    const chain = result.layer ? [...result.before, result.layer] : result.before;
    const whole = mode === 'max' ? await here(chain) : cache.target;
    const known = new Map(whole?.map((layer) => [layer.chainId, layer]));
    const now = (layer: LayerRef) => known.get(layer.chainId) ?? layer;
    found.set(step, { ...result, before: result.before.map(now), layer: result.layer && now(result.layer) });
  }
  return { ...cache, results: found };
}
