import type { BuildGraph, Step } from '#dockerfile';
import type { LayerRef } from '#image';
import type { Digest, WrittenRecord } from '#oci';
import { originsOf } from '../origins.ts';

/** What came of a step. */
export interface StepResult {
  /** What it is found by. */
  readonly keys: readonly string[];
  /** What it worked on, base first. */
  readonly before: readonly LayerRef[];
  /** What it added; undefined: it changed nothing. */
  readonly layer: LayerRef | undefined;
}

/** All results of a build, and the layers of its image. */
export interface BuiltSteps {
  readonly graph: BuildGraph;
  readonly results: ReadonlyMap<Step, StepResult>;
  readonly target: readonly LayerRef[];
}

/** A cache as it is written: layers with the number of the one below (-1: none), and records. */
export interface DraftCache {
  readonly layers: readonly { readonly layer: LayerRef; readonly parent: number }[];
  readonly records: readonly WrittenRecord[];
}

/**
 * What of a build goes into a cache. `min` has the layers of the image itself; of other stages it says what they consist
 * of, so that steps that read them are found, but not the layers.
 */
export function draftCache({ graph, results, target }: BuiltSteps, mode: 'min' | 'max'): DraftCache {
  const layers: { layer: LayerRef; parent: number }[] = [];
  const numbers = new Map<Digest, number>();
  const numberOf = (chain: readonly LayerRef[]): number =>
    chain.reduce((parent, layer) => {
      const known = numbers.get(layer.chainId);
      if (known !== undefined) return known;
      numbers.set(layer.chainId, layers.length);
      return layers.push({ layer, parent }) - 1;
    }, -1);
  const records: WrittenRecord[] = [];
  const byKey = new Map<string, number>();
  const last = new Map<number, number>();
  for (const stage of graph.stages) {
    let below = stage.base.kind === 'stage' ? last.get(stage.base.index) : undefined;
    for (const step of stage.steps) {
      const result = results.get(step);
      if (!result) continue;
      const chain = result.layer ? [...result.before, result.layer] : result.before;
      const isOwn = chain.every(({ chainId }, i) => chainId === target[i]?.chainId);
      const isWhole = chain.length > 0 && (isOwn || mode === 'max');
      const inputs = [below, ...originsOf(step).map((index) => last.get(index))].filter((one) => one !== undefined);
      for (const key of result.keys) {
        if (byKey.has(key)) continue;
        const what = isWhole ? { layer: numberOf(chain) } : { diffIds: chain.map(({ diffId }) => diffId) };
        byKey.set(key, records.push({ digest: key as Digest, inputs: [...new Set(inputs)], ...what }) - 1);
      }
      below = byKey.get(result.keys[0]!);
    }
    if (below !== undefined) last.set(stage.index, below);
  }
  return { layers, records };
}
