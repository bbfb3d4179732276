import type { BuildStage, CopyEffect, CopySource, RunEffect, Step } from '#dockerfile';
import { notFound } from '#errdefs';
import type { LayerRef } from '#image';
import { digestOf } from '#oci';
import type { CopyAction, Snapshots } from '#snapshot';
import type { ContextTree } from './ops/context-tree.ts';
import { chainOf, copyAction } from './ops/copy.ts';
import type { BuildRequest } from './request.ts';

/** Changes when a step of the same key would make something else. */
const FORMAT = 2;

export interface KeyInput {
  readonly step: Step;
  readonly stage: BuildStage;
  /** What the step works on, base first. */
  readonly layers: readonly LayerRef[];
  readonly epoch: number | undefined;
  readonly request: BuildRequest;
  readonly tree: ContextTree;
  readonly others: (index: number) => Promise<readonly LayerRef[]>;
}

/**
 * What a step depends on, as a digest: the content that it starts from, what it does, the content that it reads. No times,
 * no secrets, no names of the build.
 */
export async function stepKey(input: KeyInput): Promise<string> {
  const { step, stage, layers, epoch } = input;
  const { effect } = step;
  const parts = [
    FORMAT,
    stage.image.platform,
    layers.at(-1)?.chainId ?? 'scratch',
    epoch ?? null,
    effect.kind === 'run'
      ? await runParts(effect, input)
      : effect.kind === 'copy'
        ? await copyParts(effect, input)
        : effect,
  ];
  return digestOf(Buffer.from(JSON.stringify(parts)));
}

/**
 * The same for a copy from a stage, by what it takes of it: the stage may have changed elsewhere. Undefined for other steps.
 */
export async function contentKey(input: KeyInput, snapshots: Pick<Snapshots, 'digests'>): Promise<string | undefined> {
  const { step, stage, layers, epoch } = input;
  const { effect } = step;
  if (effect.kind !== 'copy' || effect.origin.kind !== 'stage') return undefined;
  const files = effect.sources.flatMap((source) => (source.kind === 'files' ? [source] : []));
  if (files.length === 0) return undefined;
  const source = chainOf(await input.others(effect.origin.index));
  const found = await snapshots.digests(
    source,
    files.map((one) => copyAction(effect, one)),
  );
  const missing = found.find((one) => 'error' in one);
  if (missing) throw notFound(missing.error);
  const parts = [FORMAT, 'content', stage.image.platform, layers.at(-1)?.chainId ?? 'scratch', epoch ?? null];
  return digestOf(Buffer.from(JSON.stringify([...parts, { ...effect, origin: 'content' }, found])));
}

async function runParts(effect: RunEffect, input: KeyInput): Promise<unknown> {
  const { request } = input;
  const mounts = await Promise.all(
    effect.mounts.map(async (mount) => {
      // What a cache holds makes no other result.
      const content = mount.type === 'bind' ? await contentOf(mount, input) : undefined;
      const { origin: _origin, ...plain } = mount;
      return [plain, content];
    }),
  );
  const { network, extraHosts, hostname, shmSize, ulimits } = request;
  return [
    { ...effect, mounts },
    { network, extraHosts, hostname, shmSize, ulimits },
  ];
}

async function contentOf({ origin, source }: RunEffect['mounts'][number], input: KeyInput): Promise<string> {
  if (origin?.kind === 'stage') return chainId(await input.others(origin.index));
  const path = Buffer.from(source || '/').toString('latin1');
  return await digestIn(input.tree, {
    ...{
      do: 'copy',
      sources: [path],
      destination: '/',
      mode: '',
      excludes: [],
      omits: [],
      parents: false,
      unpack: false,
    },
  });
}

async function copyParts(effect: CopyEffect, input: KeyInput): Promise<unknown> {
  const origin = effect.origin.kind === 'stage' ? chainId(await input.others(effect.origin.index)) : 'context';
  const sources = await Promise.all(
    effect.sources.map(async (source) => {
      if (source.kind !== 'files' || effect.origin.kind === 'stage') return source;
      return [source, await digestIn(input.tree, copyAction(effect, source as CopySource & { kind: 'files' }))];
    }),
  );
  return { ...effect, origin, sources };
}

async function digestIn(tree: ContextTree, action: CopyAction): Promise<string> {
  const found = await tree.digest(action);
  if ('error' in found) throw notFound(found.error);
  return found.digest;
}

const chainId = (layers: readonly LayerRef[]): string => layers.at(-1)?.chainId ?? 'scratch';
