import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import type { Progress } from '#api';
import type { Content, Lease, Received } from '#content';
import { EngineError, internal, invalid } from '#errdefs';
import type { Digest, Platform, Reference } from '#oci';
import { hostPlatform, parseDigest, parsePlatform, tagTarget } from '#oci';
import { failpoint } from '#sys';
import type { ChangedConfig } from './changes.ts';
import { applyChanges, EMPTY_CHANGES } from './changes.ts';
import { nowText } from './clock.ts';
import { commitImages } from './commit.ts';
import { decompress, unpackForeign } from './decompress.ts';
import type { ImageDeps } from './deps.ts';
import type { PackedBlob } from './manifests.ts';
import { packingOf, writeManifest } from './manifests.ts';
import { undoing } from './undo.ts';

export interface ImportOptions {
  readonly repo?: string;
  readonly tag?: string;
  readonly message?: string;
  /** Lines of a Dockerfile. */
  readonly changes?: readonly string[];
  /** `os/arch[/variant]`, '' for this machine's. */
  readonly platform?: string;
  readonly signal?: AbortSignal;
}

/** Makes an image with one layer of a tar stream, plain, gzip or zstd. The layer is kept as it came. */
export async function* importImage(deps: ImageDeps, body: Readable, options: ImportOptions): AsyncGenerator<Progress> {
  const { reference, platform, config } = importPlan(options);
  const image = { platform, config, message: options.message || 'Imported from -', version: deps.version };
  const references = reference ? [reference] : [];
  yield {
    status: await undoing(deps, importLayer(deps, body, { image, references, signal: options.signal })).catch(
      asInternal,
    ),
  };
}

/** What the options of an import say; throws what is wrong with them. */
export function importPlan({ repo = '', tag, platform = '', changes = [] }: ImportOptions) {
  return {
    reference: tagTarget(repo, tag),
    platform: importPlatform(platform),
    config: applyChanges(changes),
  };
}

interface Importing {
  readonly image: Omit<DocumentFields, 'diffId'>;
  readonly references: readonly Reference[];
  readonly signal: AbortSignal | undefined;
}

/** Stores, unpacks and records; the image's id. */
async function importLayer(deps: ImageDeps, body: Readable, { image, references, signal }: Importing): Promise<Digest> {
  const { content, layers } = deps;
  using lease = content.lease();
  const layer = await receiveLayer(content, body, lease, signal);
  const { diffId } = layer;
  const document = Buffer.from(imageDocument({ ...image, diffId }));
  const id = await content.put(document, lease);
  const manifest = await writeManifest(content, { digest: id, size: document.length }, [layer], lease);
  failpoint('image.import.blobs');
  await using _held = layers.hold([diffId]);
  const open = () => ({ path: content.file(layer.digest) });
  const size = await layers.ensure({ chainId: diffId, diffId, parent: undefined, open }, signal);
  failpoint('image.import.unpacked');
  await deps.content.sync();
  failpoint('image.import.synced');
  signal?.throwIfAborted();
  const made = { id, target: manifest, manifest: parseDigest(manifest.digest), document };
  await commitImages(deps, [{ image: { ...made, layers: [{ chainId: diffId, diffId, size }] }, references }], 'import');
  return id;
}

interface ImportedLayer extends PackedBlob {
  readonly diffId: Digest;
}

/** Stores the stream as a blob and finds the digest of what is in it. */
async function receiveLayer(
  content: Content,
  body: Readable,
  lease: Lease,
  signal?: AbortSignal,
): Promise<ImportedLayer> {
  const received = await content.receive(unpackForeign(body), { signal });
  try {
    const packing = await packingOf(received);
    const diffId = packing === 'none' ? received.digest : await unpackedDigest(received, signal);
    await content.keep(received, lease);
    return { digest: received.digest, size: received.size, packing, diffId };
  } finally {
    await received.drop();
  }
}

async function unpackedDigest(received: Received, signal?: AbortSignal): Promise<Digest> {
  const hash = createHash('sha256');
  for await (const chunk of decompress(createReadStream(received.path))) {
    signal?.throwIfAborted();
    hash.update(chunk);
  }
  return `sha256:${hash.digest('hex')}`;
}

function importPlatform(text: string): Platform {
  const platform = text === '' ? hostPlatform() : parsePlatform(text);
  if (platform.os !== 'linux') throw invalid('operating system is not supported');
  return platform;
}

/** Docker: what is wrong with the tar is a failure of the engine (500). */
function asInternal(error: unknown): never {
  throw error instanceof EngineError && error.kind === 'invalid-argument' ? internal(error.message, error) : error;
}

interface DocumentFields {
  readonly platform: Platform;
  readonly config: ChangedConfig;
  readonly message: string;
  readonly diffId: Digest;
  readonly version: string;
}

/** The config document, with the fields and the order of Docker's. */
function imageDocument({ platform, config, message, diffId, version }: DocumentFields): string {
  const created = nowText();
  return JSON.stringify({
    architecture: platform.architecture,
    comment: message,
    config: containerConfig(config),
    container_config: containerConfig(EMPTY_CHANGES),
    created,
    docker_version: version,
    history: [{ created, comment: message }],
    os: platform.os,
    rootfs: { type: 'layers', diff_ids: [diffId] },
    ...(platform.variant && { variant: platform.variant }),
  });
}

function containerConfig(config: ChangedConfig): object {
  return {
    Hostname: '',
    Domainname: '',
    User: config.User,
    AttachStdin: false,
    AttachStdout: false,
    AttachStderr: false,
    ...(config.ExposedPorts && { ExposedPorts: config.ExposedPorts }),
    Tty: false,
    OpenStdin: false,
    StdinOnce: false,
    Env: config.Env,
    Cmd: config.Cmd,
    ...(config.Healthcheck && { Healthcheck: config.Healthcheck }),
    Image: '',
    Volumes: config.Volumes,
    WorkingDir: config.WorkingDir,
    Entrypoint: config.Entrypoint,
    OnBuild: config.OnBuild,
    Labels: config.Labels,
    ...(config.StopSignal && { StopSignal: config.StopSignal }),
  };
}
