import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { invalid, unavailable } from '#errdefs';
import type { BuiltImage } from '#image';
import type { Digest, Reference } from '#oci';
import { canonicalString, digestOf, parseReference, withDefaultTag } from '#oci';
import type { Build } from './build.ts';
import { flagOf } from './cache/compression.ts';
import { accessOf } from './cache/source.ts';
import type { Context } from './context.ts';
import type { BuiltStage } from './image-document.ts';
import { imageDocument } from './image-document.ts';
import type { Exporter } from './request.ts';
import type { BuildResult } from './result.ts';

/** Puts a result where it is asked for; without an image in the store its documents are told all the same. */
export async function exportResult(context: Context, build: Build, built: BuiltStage): Promise<BuildResult> {
  const document = imageDocument(built);
  const configDigest = digestOf(document);
  const response = new Map([['containerimage.config.digest', configDigest as string]]);
  let result: BuildResult = {
    ...{ imageId: undefined, configDigest, config: document, response, warnings: [] },
    manifest: { mediaType: '', digest: '', size: 0 },
  };
  for (const [n, exporter] of build.request.exporters.entries()) {
    if (exporter.type === 'none') continue;
    const digest = vertexOf(exporter, n);
    build.events.vertex({ digest, name: titleOf(exporter), inputs: [], line: 0, step: 0 });
    build.events.started(digest);
    try {
      const made = await EXPORTERS[exporter.type](context, build, { built, document, exporter, n });
      if (made) result = { ...result, ...made, response: new Map([...response, ...made.response]) };
      build.events.completed(digest, { cached: false });
    } catch (error) {
      build.events.failed(digest, error as Error);
      throw error;
    }
  }
  return result;
}

interface Exporting {
  readonly built: BuiltStage;
  readonly document: Buffer;
  readonly exporter: Exporter;
  readonly n: number;
}

type Made = Pick<BuildResult, 'imageId' | 'manifest' | 'response'>;
type Export = (context: Context, build: Build, exporting: Exporting) => Promise<Made | undefined>;

const EXPORTERS: Readonly<Record<Exclude<Exporter['type'], 'none'>, Export>> = {
  image: exportImage,
  oci: exportArchive,
  docker: exportArchive,
  local: exportTree,
  tar: exportTree,
};

function titleOf({ type }: Exporter): string {
  if (type === 'image') return 'exporting to image';
  if (type === 'local') return 'exporting to client directory';
  return type === 'tar' ? 'exporting to client tarball' : `exporting to ${type} image format`;
}

async function exportImage(context: Context, build: Build, { built, document, exporter, n }: Exporting): Promise<Made> {
  const { request, events } = build;
  if (built.stage.image.platform.os !== 'linux') throw invalid('operating system is not supported');
  const references = namesOf([...request.tags, ...(exporter.attributes.get('name') ?? '').split(',')]);
  const digest = vertexOf(exporter, n);
  const part = (id: string, started: Date) =>
    events.status(digest, { id, name: id, current: 0, total: 0, started, completed: new Date() });
  const began = new Date();
  // Docker: a time that was asked for is what lists show.
  const when = request.epoch === undefined ? { builtAt: Date.now() } : {};
  const made = await storeImage(context, { built, document, references, ...when });
  part('exporting layers', began);
  part(`writing image ${digestOf(document)}`, began);
  for (const reference of references) part(`naming to ${canonicalString(reference)}`, began);
  if (!flagOf(exporter.attributes, 'push', false)) return made;
  if (references.length === 0) throw invalid('tag is needed when pushing to registry');
  for (const reference of references) await push(context, build, { reference, digest });
  return made;
}

async function push(
  { images }: Context,
  { inputs, signal, events }: Build,
  { reference, digest }: { reference: Reference; digest: Digest },
): Promise<void> {
  const name = canonicalString(reference);
  const { credentials = {} } = await accessOf(reference, { inputs, signal });
  const started = new Date();
  const id = `pushing ${name}`;
  for await (const { errorDetail, error } of images.push(name, '', { credentials, signal })) {
    if (errorDetail || error) throw unavailable(`failed to push ${name}: ${errorDetail?.message ?? error}`);
    events.status(digest, { id, name: id, current: 0, total: 0, started });
  }
  events.status(digest, { id, name: id, current: 0, total: 0, started, completed: new Date() });
}

const vertexOf = ({ type }: Exporter, n: number) => digestOf(Buffer.from(`export ${n} ${type}`));

async function storeImage(
  { images }: Context,
  { built, ...asked }: Pick<Exporting, 'built' | 'document'> & Pick<BuiltImage, 'references' | 'builtAt'>,
): Promise<Made> {
  const { id, manifest } = await images.assemble({ ...asked, layers: built.layers });
  const descriptor = JSON.stringify(manifest);
  const response = new Map([
    ['containerimage.digest', manifest.digest],
    ['containerimage.descriptor', Buffer.from(descriptor).toString('base64')],
    ...(asked.references.length > 0 ? [['image.name', asked.references.map(canonicalString).join(',')] as const] : []),
  ]);
  return { imageId: id, manifest, response };
}

function namesOf(names: readonly string[]): Reference[] {
  const given = names.map((name) => name.trim()).filter((name) => name !== '');
  const parsed = given.map((name) => withDefaultTag(parseReference(name)));
  if (parsed.some(({ digest }) => digest !== undefined))
    throw invalid('refusing to create a tag with a digest reference');
  return [...new Map(parsed.map((reference) => [canonicalString(reference), reference])).values()];
}

/** An image as an archive for the client; it is in the store only meanwhile, unless it is there anyway. */
async function exportArchive(
  context: Context,
  build: Build,
  { built, document, exporter, n }: Exporting,
): Promise<Made> {
  const { images } = context;
  const wasHere = images.get(digestOf(document)) !== undefined;
  const references = namesOf((exporter.attributes.get('name') ?? '').split(','));
  const made = await storeImage(context, { built, document, references: [] });
  try {
    const output = await build.inputs.output(n, made.response);
    const names = references.map(canonicalString);
    const archive = Readable.from(images.save([made.imageId!], names.length > 0 ? {} : {}));
    await pipeline(archive, output, { signal: build.signal });
    return { ...made, imageId: undefined };
  } finally {
    if (!wasHere) await images.remove(made.imageId!, { force: false, noprune: false }).catch(() => undefined);
  }
}

/** The files of a result as an archive; a front door makes of it what its client wants. */
async function exportTree(context: Context, build: Build, { built, n }: Exporting): Promise<undefined> {
  const { snapshots } = context;
  const id = randomBytes(32).toString('hex');
  await snapshots.prepare(
    id,
    built.layers.map(({ chainId }) => chainId),
  );
  try {
    const output = await build.inputs.output(n, new Map());
    await snapshots.export(id, { writes: false }, output, { signal: build.signal });
  } finally {
    await snapshots.remove(id);
  }
}
