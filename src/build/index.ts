/**
 * Building images: a Dockerfile and its inputs become steps, steps become layers, layers an image. Owns the build cache:
 * its rows, its mounts' folders, the layers that no image needs. Front doors (classic, BuildKit's protocol) bring a
 * request and its inputs and hear events; everything between is here. Nothing of a build that has ended or whose daemon
 * has died is left but the cache.
 */
export type { Builder } from './builder.ts';
export type { CacheRecord, PruneOptions, PruneReport } from './cache-record.ts';
export { buildClassic } from './classic/classic.ts';
export type { ClassicOptions } from './classic/options.ts';
export type { BuildDeps } from './deps.ts';
export type { BuildEvents, Position, SourceExcerpt, Status, Vertex, Warning } from './events.ts';
export type { FailedStep } from './failed-step.ts';
export { ImageBuilder, keptByCache } from './image-builder.ts';
export type {
  BlobStore,
  BuildInputs,
  ContextFolder,
  ContextNeed,
  Credentials,
  KnownFiles,
  OtherResult,
} from './inputs.ts';
export { withoutPassword } from './ops/fetch-git.ts';
export type { RemoteContext, RemoteFetching } from './remote/remote-context.ts';
export type { BuildRequest, CacheEntry, Exporter } from './request.ts';
export { buildRequest, epochOf } from './request.ts';
export type { BuildResult } from './result.ts';
export { BuildError } from './result.ts';
