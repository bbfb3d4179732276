import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { failpoint, isErrno } from '#sys';
import { adoptDirectories } from './adopt.ts';
import type { Folders } from './folders.ts';
import type { TaskResult, UnpackLimits } from './jail/task.ts';
import type { InputFile } from './jail.ts';
import { runJail } from './jail.ts';
import { isLayerName, layerName } from './layer-name.ts';
import { usageOf } from './usage.ts';

/**
 * A layer to be unpacked: `open` gives its bytes, compressed or plain, as a stream or as the file that has them. Layers may
 * come in any order.
 */
export interface LayerSource {
  readonly chainId: string;
  readonly parent?: string;
  /** Digest of the unpacked bytes. */
  readonly diffId: string;
  readonly open: () => Readable | InputFile;
}

/** What is kept beside a layer's tree. */
export interface LayerFacts {
  readonly chainId: string;
  readonly diffId: string;
  readonly parent?: string;
  readonly size: number;
  readonly entries: number;
  /** Bytes of the tree, where an archive has a name twice or the like; else `size`. */
  readonly measured?: number;
}

interface UnpackOptions {
  readonly launcher: string;
  readonly limits: UnpackLimits;
  /** Takes a directory away, whatever is in it. */
  readonly discard: (path: string) => void;
  /** Runs the jail when there is a place for it. */
  readonly place: () => Promise<Disposable>;
  /** The trees below this layer, newest first, as soon as they are there. */
  readonly below: () => Promise<string[]>;
  readonly signal?: AbortSignal;
}

/** Names of the layers on the disk: a directory has its name only when all of its content is durable. */
export function findLayers(folders: Folders): Set<string> {
  return new Set(readdirSync(folders.layers).filter(isLayerName));
}

/** What was written down when the layer was unpacked. */
export function layerFacts(folders: Folders, name: string): LayerFacts {
  return JSON.parse(readFileSync(join(folders.layers, name, 'layer.json'), 'utf8'));
}

/** Compares a tree with what was written down of it: sizes, not contents. */
export async function checkLayer(folders: Folders, name: string): Promise<'whole' | 'damaged'> {
  try {
    const facts = layerFacts(folders, name);
    const { size } = await usageOf(join(folders.layers, name, 'diff'));
    return size === (facts.measured ?? facts.size) ? 'whole' : 'damaged';
  } catch (error) {
    // A folder or a file of facts that cannot be read is damaged too.
    if (isErrno(error, 'ENOENT', 'ENOTDIR') || error instanceof SyntaxError) return 'damaged';
    throw error;
  }
}

/** Compares a tree with the archive that it was made of; the names that differ, at most ten. */
export async function compareLayer(
  folders: Folders,
  layer: Pick<LayerSource, 'chainId' | 'open'>,
  { launcher, limits, place, signal }: Pick<UnpackOptions, 'launcher' | 'limits' | 'place' | 'signal'>,
): Promise<string[]> {
  using _place = await place();
  const task = { kind: 'compare', root: join(folders.layers, layerName(layer.chainId), 'diff'), limits } as const;
  const { differing = [] } = await runJail(task, { launcher, input: layer.open(), ...(signal && { signal }) });
  return differing.map((name) => Buffer.from(name, 'latin1').toString());
}

/** Writes down what a tree has, where that is not the sum of its archive. */
export async function measureLayer(folders: Folders, name: string): Promise<void> {
  const facts = layerFacts(folders, name);
  const { size } = await usageOf(join(folders.layers, name, 'diff'));
  if (size === facts.size) return;
  const path = join(folders.layers, name, 'layer.json');
  writeFileSync(`${path}.new`, JSON.stringify({ ...facts, measured: size }));
  renameSync(`${path}.new`, path);
  failpoint('snapshot.layer.measured');
}

/** The trees of a layer and of those below it, newest first; empty when one is not there. */
export function treesOf(folders: Folders, chainId: string, known: ReadonlySet<string>): string[] {
  const trees: string[] = [];
  for (let id: string | undefined = chainId; id !== undefined; ) {
    const name = layerName(id);
    if (!known.has(name)) return [];
    trees.push(join(folders.layers, name, 'diff'));
    id = layerFacts(folders, name).parent;
  }
  return trees;
}

/**
 * Unpacks a layer in a jail of its own and puts it in place. Data before the name: whatever happens, a layer with a name
 * is whole, and anything else is in the ingest folder. Throws what the archive or the disk is guilty of.
 */
export async function unpackLayer(folders: Folders, layer: LayerSource, options: UnpackOptions): Promise<LayerFacts> {
  const name = layerName(layer.chainId);
  const ingest = join(folders.ingests, `${name}-${process.hrtime.bigint()}`);
  mkdirSync(join(ingest, 'diff'), { recursive: true, mode: 0o755 });
  failpoint('snapshot.unpack.begun');
  try {
    const result = await fill(join(ingest, 'diff'), layer, options);
    failpoint('snapshot.unpack.filled');
    const implied = result.implied ?? [];
    if (layer.parent && implied.length > 0)
      await adoptDirectories(join(ingest, 'diff'), implied, await options.below());
    failpoint('snapshot.unpack.adopted');
    return await placeLayer(folders, ingest, { layer, ...result });
  } catch (error) {
    options.discard(ingest);
    throw error;
  }
}

/**
 * Makes a filled ingest folder the layer of its name. Data before the name: what has a name is whole and on the disk.
 */
export async function placeLayer(
  folders: Folders,
  ingest: string,
  { layer, size, entries }: { layer: Omit<LayerSource, 'open'>; size: number; entries: number },
): Promise<LayerFacts> {
  const { chainId, diffId, parent } = layer;
  const facts = { chainId, diffId, ...(parent && { parent }), size, entries };
  writeFileSync(join(ingest, 'layer.json'), JSON.stringify(facts));
  failpoint('snapshot.unpack.described');
  await folders.synced.run();
  failpoint('snapshot.unpack.synced');
  renameSync(ingest, join(folders.layers, layerName(chainId)));
  failpoint('snapshot.unpack.named');
  await syncDirectory(folders.layers);
  failpoint('snapshot.unpack.durable');
  return facts;
}

async function fill(root: string, layer: LayerSource, options: UnpackOptions): Promise<TaskResult> {
  const { launcher, limits, signal } = options;
  using _place = await options.place();
  const task = { kind: 'unpack', root, diffId: layer.diffId, limits } as const;
  return await runJail(task, { launcher, input: layer.open(), ...(signal && { signal }) });
}

/** Makes the names in a directory durable. */
async function syncDirectory(path: string): Promise<void> {
  await using folder = await open(path, 'r');
  await folder.sync();
}
