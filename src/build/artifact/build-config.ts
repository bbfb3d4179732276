import type { BuildStage, CopyEffect, RunEffect, Step } from '#dockerfile';
import { originsOf } from '../origins.ts';
import type { BuiltFacts } from './provenance.ts';

/** The steps of a build, and where in the Dockerfile they stand, as a complete provenance has them. */
export function buildConfig(facts: BuiltFacts): { definition: object; metadata: object } {
  const { graph, dockerfile, steps } = facts;
  const definition: object[] = [];
  const locations: Record<string, object> = {};
  const layers: Record<string, object> = {};
  const last = new Map<number, string>();
  let context: string | undefined;
  let number = 0;
  const add = (op: object, inputs: readonly string[]): string => {
    const id = `step${definition.length}`;
    definition.push({ id, op: { Op: op, constraints: {} }, ...(inputs.length > 0 && { inputs }) });
    return id;
  };
  for (const stage of graph.stages) {
    let below = baseOf(stage, last, add);
    for (const step of stage.steps) {
      const origins = originsOf(step).flatMap((index) => last.get(index) ?? []);
      if (readsContext(step)) context ??= add({ source: { identifier: 'local://context' } }, []);
      const files = readsContext(step) ? [context!] : [];
      below = add(
        opOf(step),
        [...(below ? [below] : []), ...origins, ...files].map((id) => `${id}:0`),
      );
      const range = { start: { line: step.lines.first }, end: { line: step.lines.last } };
      locations[below] = { locations: [{ ranges: [range] }] };
      const chain = steps[number++]?.layers ?? [];
      layers[`${below}:0`] = [
        chain.map(({ descriptor: { mediaType, digest, size } }) => ({ mediaType, digest, size })),
      ];
    }
    if (below) last.set(stage.index, below);
  }
  const data = Buffer.from(dockerfile.data).toString('base64');
  const infos = [{ filename: dockerfile.name, language: 'Dockerfile', data }];
  return { definition: { llbDefinition: definition }, metadata: { source: { locations, infos }, layers } };
}

function baseOf(
  { base, image }: BuildStage,
  last: ReadonlyMap<number, string>,
  add: (op: object, inputs: readonly string[]) => string,
): string | undefined {
  if (base.kind === 'stage') return last.get(base.index);
  if (base.kind !== 'image' || base.title === undefined) return undefined;
  const name = base.title.replace(/^.* FROM /, '');
  const { os, architecture } = image.platform;
  return add(
    { source: { identifier: `docker-image://${name}` }, platform: { Architecture: architecture, OS: os } },
    [],
  );
}

function readsContext({ effect }: Step): boolean {
  if (effect.kind === 'copy') {
    return effect.origin.kind === 'context' && effect.sources.some(({ kind }) => kind === 'files');
  }
  return effect.kind === 'run' && effect.mounts.some(({ type, origin }) => type === 'bind' && origin?.kind !== 'stage');
}

function opOf({ effect }: Step): object {
  if (effect.kind === 'run') return { exec: execOf(effect) };
  if (effect.kind === 'copy') return { file: { actions: effect.sources.map((source) => copyOf(effect, source)) } };
  return { file: { actions: [{ Action: { mkdir: { path: effect.path, mode: 0o755, makeParents: true } } }] } };
}

function execOf({ args, env, workdir, user, mounts }: RunEffect): object {
  return {
    meta: { args, env, cwd: workdir, ...(user && { user }) },
    mounts: [
      { dest: '/' },
      ...mounts.map(({ type, target, id }) => ({ dest: target, mountType: type, ...(id && { id }) })),
    ],
  };
}

function copyOf({ destination }: CopyEffect, source: CopyEffect['sources'][number]): object {
  const src = source.kind === 'files' ? source.path : source.kind === 'inline' ? source.name : source.kind;
  return { Action: { copy: { src, dest: destination } } };
}
