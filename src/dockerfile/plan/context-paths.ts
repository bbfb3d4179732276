import { posix } from 'node:path';
import type { Step } from '../dispatch/result.ts';
import type { BuildGraph } from './apply-plan.ts';

/** The paths of the build context that a build reads, relative, wildcards included; undefined for all of it. */
export function contextPaths({ stages }: Pick<BuildGraph, 'stages'>): string[] | undefined {
  const paths = new Set(stages.flatMap(({ steps }) => steps.flatMap(pathsOf)));
  if (paths.has('/')) return undefined;
  return [...paths].map((path) => path.slice(1)).sort();
}

function pathsOf({ effect }: Step): string[] {
  if (effect.kind === 'copy' && effect.origin.kind === 'context') {
    return effect.sources.flatMap((source) => {
      if (source.kind !== 'files') return [];
      return [clean(source.include === undefined ? source.path : `${source.path}/${source.include}`)];
    });
  }
  if (effect.kind !== 'run') return [];
  return effect.mounts.flatMap(({ origin, source }) => (origin?.kind === 'context' ? [clean(source)] : []));
}

function clean(path: string): string {
  const normal = posix.normalize(`/${path}`);
  return normal.length > 1 && normal.endsWith('/') ? normal.slice(0, -1) : normal;
}
