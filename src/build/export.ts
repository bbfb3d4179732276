import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Lease } from '#content';
import { invalid, unavailable } from '#errdefs';
import type { Descriptor, Digest, Reference } from '#oci';
import { canonicalString, digestOf, formatPlatform, parseReference, withDefaultTag } from '#oci';
import { annotationsOf } from './artifact/annotations.ts';
import { archiveDocuments, blobsOf, targetDescriptor } from './artifact/archive.ts';
import type { ArtifactDocuments, ArtifactForm } from './artifact/documents.ts';
import { makeDocuments } from './artifact/documents.ts';
import type { Statement } from './artifact/statement.ts';
import { bareStatement } from './artifact/statement.ts';
import type { Build } from './build.ts';
import { compressionOf, flagOf } from './cache/compression.ts';
import { timeOf } from './cache/export-caches.ts';
import { accessOf } from './cache/source.ts';
import type { Context } from './context.ts';
import type { BuiltStage } from './image-document.ts';
import { imageDocument } from './image-document.ts';
import type { Exporter } from './request.ts';
import type { BuildResult } from './result.ts';

/** Puts a result where it is asked for; without an image in the store its documents are told all the same. */
export async function exportResult(
  context: Context,
  build: Build,
  { built, statements }: Result,
): Promise<BuildResult> {
  const document = imageDocument(built);
  const configDigest = digestOf(document);
  const response = new Map([['containerimage.config.digest', configDigest as string]]);
  let result: BuildResult = {
    ...{ imageId: undefined, configDigest, config: document, layers: built.layers, response, warnings: [] },
    manifest: { mediaType: '', digest: '', size: 0 },
  };
  for (const [n, exporter] of build.request.exporters.entries()) {
    if (exporter.type === 'none') continue;
    const digest = vertexOf(exporter, n);
    build.events.vertex({ digest, name: titleOf(exporter), inputs: [], line: 0, step: 0 });
    build.events.started(digest);
    try {
      const made = await EXPORTERS[exporter.type](context, build, { built, statements, document, exporter, n });
      if (made) result = { ...result, ...made, response: new Map([...response, ...made.response]) };
      build.events.completed(digest, { cached: false });
    } catch (error) {
      build.events.failed(digest, error as Error);
      throw error;
    }
  }
  return result;
}

/** What was built, and what is said of it. */
interface Result {
  readonly built: BuiltStage;
  readonly statements: readonly Statement[];
}

interface Exporting extends Result {
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

async function exportImage(context: Context, build: Build, exporting: Exporting): Promise<Made> {
  const { request, events } = build;
  const { built, document, exporter, n } = exporting;
  if (built.stage.image.platform.os !== 'linux') throw invalid('operating system is not supported');
  const references = namesOf([...request.tags, ...(exporter.attributes.get('name') ?? '').split(',')]);
  const digest = vertexOf(exporter, n);
  const part = (id: string, started: Date) =>
    events.status(digest, { id, name: id, current: 0, total: 0, started, completed: new Date() });
  const began = new Date();
  // Docker: a time that was asked for is what lists show.
  const when = request.epoch === undefined ? { builtAt: Date.now() } : {};
  using lease = context.content.lease();
  const form = formOf(exporting, references);
  const documents = isPlain(exporting) ? undefined : await documentsOf(context, build, { exporting, form, lease });
  const image = { document, layers: built.layers, references, ...when, ...(documents && { source: documents }) };
  const { id, manifest } = await context.images.assemble(image);
  part('exporting layers', began);
  part(`writing image ${digestOf(document)}`, began);
  if (documents) part(`exporting manifest ${documents.manifest.digest}`, began);
  for (const { manifest: one } of documents?.attestations ?? []) {
    part(`exporting attestation manifest ${one.digest}`, began);
  }
  for (const reference of references) part(`naming to ${canonicalString(reference)}`, began);
  const target = documents?.target ?? manifest;
  const made = { imageId: id, manifest: target, response: responseOf(target, references) };
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

/** Whether nothing is asked for that the engine's own form of an image has not. */
function isPlain({ exporter, statements }: Exporting): boolean {
  const special = /^(annotation|compression|oci-mediatypes)/;
  return statements.length === 0 && ![...exporter.attributes.keys()].some((key) => special.test(key));
}

/** How the documents of an image are to be; what Docker's kind cannot hold makes them OCI's. */
function formOf({ built, statements, exporter }: Exporting, references: readonly Reference[]): ArtifactForm {
  const { attributes, type } = exporter;
  const compression = compressionOf(attributes);
  const annotations = annotationsOf(attributes, formatPlatform(built.stage.image.platform));
  const needsOci =
    statements.length > 0 ||
    compression.packing?.kind === 'zstd' ||
    Object.values(annotations).some((notes) => Object.keys(notes).length > 0);
  const isOci = needsOci || flagOf(attributes, 'oci-mediatypes', type !== 'docker');
  return { compression, annotations, statements, isOci, names: references.map(canonicalString) };
}

async function documentsOf(
  context: Context,
  { signal }: Build,
  { exporting, form, lease }: { exporting: Exporting; form: ArtifactForm; lease: Lease },
): Promise<ArtifactDocuments> {
  const { built, document } = exporting;
  const platform = built.stage.image.platform;
  return await makeDocuments(context, { document, layers: built.layers, platform, form, lease, signal });
}

function responseOf(target: Descriptor, references: readonly Reference[]): Map<string, string> {
  return new Map([
    ['containerimage.digest', target.digest],
    ['containerimage.descriptor', Buffer.from(JSON.stringify(target)).toString('base64')],
    ...(references.length > 0 ? [['image.name', references.map(canonicalString).join(',')] as const] : []),
  ]);
}

function namesOf(names: readonly string[]): Reference[] {
  const given = names.map((name) => name.trim()).filter((name) => name !== '');
  const parsed = given.map((name) => withDefaultTag(parseReference(name)));
  if (parsed.some(({ digest }) => digest !== undefined))
    throw invalid('refusing to create a tag with a digest reference');
  return [...new Map(parsed.map((reference) => [canonicalString(reference), reference])).values()];
}

/** An image as an archive for the client; nothing of it stays in the store. */
async function exportArchive(context: Context, build: Build, exporting: Exporting): Promise<Made> {
  const { images } = context;
  const { built, exporter, n } = exporting;
  const isDocker = exporter.type === 'docker';
  if (isDocker && exporting.statements.length > 0) {
    throw invalid('docker exporter does not currently support exporting manifest lists');
  }
  const references = namesOf((exporter.attributes.get('name') ?? '').split(','));
  const form = formOf(exporting, references);
  try {
    using lease = context.content.lease();
    const documents = await documentsOf(context, build, { exporting, form, lease });
    const { platform } = built.stage.image;
    const about = { form, references, platform, created: timeOf(built.created), isDocker };
    const target = targetDescriptor(documents, about);
    const made = { imageId: undefined, manifest: target, response: responseOf(target, references) };
    const output = await build.inputs.output(n, made.response);
    const archive = { blobs: blobsOf(documents), documents: archiveDocuments(documents, about) };
    await pipeline(Readable.from(images.layoutArchive(archive, build.signal)), output, { signal: build.signal });
    return made;
  } finally {
    await images.removeLayers([]);
  }
}

/** The files of a result as an archive; a front door makes of it what its client wants. */
async function exportTree(context: Context, build: Build, exporting: Exporting): Promise<undefined> {
  const { snapshots } = context;
  const { built, n } = exporting;
  const id = randomBytes(32).toString('hex');
  await snapshots.prepare(
    id,
    built.layers.map(({ chainId }) => chainId),
  );
  try {
    await addStatements(context, build, { ...exporting, id });
    const output = await build.inputs.output(n, new Map());
    await snapshots.export(id, { writes: false }, output, { signal: build.signal });
  } finally {
    await snapshots.remove(id);
  }
}

/** What is said of a result lies beside its files. */
async function addStatements(
  context: Context,
  { signal }: Build,
  { statements, exporter, id }: Exporting & { readonly id: string },
): Promise<void> {
  if (statements.length === 0) return;
  const folder = join(context.folder, 'sources', id);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  try {
    const name = `${exporter.attributes.get('attestation-prefix') ?? ''}provenance.json`;
    if (/[/\0]/.test(name)) throw invalid(`invalid attestation-prefix ${JSON.stringify(name)}`);
    for (const statement of statements) writeFileSync(join(folder, name), bareStatement(statement), { mode: 0o644 });
    const plain = { mode: '', excludes: [], parents: false, unpack: false, mtime: 0 };
    const action = { do: 'copy', sources: [Buffer.from(name).toString('latin1')], destination: '/', ...plain } as const;
    const owner = { uid: 0, gid: 0 };
    await context.snapshots.compose(id, { source: { folder }, actions: [{ ...action, owner }] }, { signal });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
