import { invalid } from '#errdefs';
import type { Infer } from '#schema';
import { any, array, bool, decode, int64, map, nullable, object, optional, string, words, zero } from '#schema';
import type { Digest } from './digest.ts';
import { parseDigest } from './digest.ts';
import { IMAGE_LIMITS } from './limits.ts';
import type { Platform } from './platform.ts';

const empty = object('struct {}', {});

const Healthcheck = object('image.HealthcheckConfig', {
  Test: optional(array(string())),
  Interval: optional(int64('time.Duration')),
  Timeout: optional(int64('time.Duration')),
  StartPeriod: optional(int64('time.Duration')),
  StartInterval: optional(int64('time.Duration')),
  Retries: optional(int64('int')),
});

const RunConfig = object('image.ImageConfig', {
  User: string(),
  ExposedPorts: optional(map(empty)),
  Env: array(string()),
  Entrypoint: words(),
  Cmd: words(),
  Volumes: map(empty),
  WorkingDir: string(),
  Labels: map(string()),
  StopSignal: optional(string()),
  ArgsEscaped: optional(bool()),
  Healthcheck: optional(nullable(Healthcheck)),
  OnBuild: array(string()),
  Shell: optional(words()),
});

const HistoryEntry = object('image.History', {
  created: optional(string()),
  author: optional(string()),
  created_by: optional(string()),
  comment: optional(string()),
  empty_layer: optional(bool()),
});

const Document = object('image.Image', {
  architecture: optional(string()),
  variant: optional(string()),
  os: optional(string()),
  'os.version': optional(string()),
  author: optional(string()),
  comment: optional(string()),
  created: optional(nullable(string())),
  docker_version: optional(string()),
  config: optional(nullable(RunConfig)),
  rootfs: nullable(object('image.RootFS', { type: string(), diff_ids: array(string()) })),
  history: optional(array(HistoryEntry)),
  id: optional(any()),
});

/** How to run an image: the fields of `config` that Docker and OCI know, all else dropped. */
export type ImageRunConfig = Infer<typeof RunConfig>;
export type HistoryEntry = Infer<typeof HistoryEntry>;

/**
 * An image's config document, decoded under OCI's names: every field is copied by name, so labels and the like stay mere
 * data.
 */
export interface ImageConfig extends Platform {
  readonly osVersion?: string;
  readonly author: string;
  readonly comment: string;
  readonly dockerVersion: string;
  /** RFC 3339 as written, absent when the document has none. */
  readonly created?: string;
  readonly config: ImageRunConfig;
  /** Digests of the uncompressed layers, base first. */
  readonly diffIds: readonly Digest[];
  readonly history: readonly HistoryEntry[];
}

/** The run config of an image that sets nothing. */
export function emptyRunConfig(): ImageRunConfig {
  return zero(RunConfig);
}

/** Decodes a config document in Docker's or OCI's shape; too large, without rootfs or malformed is invalid-argument. */
export function decodeImageConfig(bytes: Uint8Array): ImageConfig {
  if (bytes.length > IMAGE_LIMITS.configBytes) {
    throw invalid(`invalid image config: larger than ${IMAGE_LIMITS.configBytes} bytes`);
  }
  const document = parse(bytes);
  if (!document.rootfs) throw invalid('invalid image JSON, no RootFS key');
  const diffIds = (document.rootfs.diff_ids ?? []).map(parseDigest);
  if (diffIds.length > IMAGE_LIMITS.layers) {
    throw invalid(`invalid image config: more than ${IMAGE_LIMITS.layers} layers`);
  }
  const history = document.history ?? [];
  if (history.length > IMAGE_LIMITS.history) {
    throw invalid(`invalid image config: more than ${IMAGE_LIMITS.history} entries of history`);
  }
  return {
    os: document.os ?? '',
    architecture: document.architecture ?? '',
    ...(document.variant && { variant: document.variant }),
    ...(document['os.version'] && { osVersion: document['os.version'] }),
    author: document.author ?? '',
    comment: document.comment ?? '',
    dockerVersion: document.docker_version ?? '',
    ...(document.created && { created: checkTime(document.created) }),
    config: document.config ?? emptyRunConfig(),
    diffIds,
    history,
  };
}

/** Go reads a stream and a whole text with different words for a text that is cut off: this is a whole text. */
function parse(bytes: Uint8Array): Infer<typeof Document> {
  try {
    return decode(Document, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString());
  } catch (error) {
    throw error instanceof Error && error.message === 'unexpected EOF'
      ? invalid('unexpected end of JSON input')
      : error;
  }
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;

function checkTime(text: string): string {
  if (TIME.test(text) && !Number.isNaN(Date.parse(text.replace(/\.(\d{3})\d*/, '.$1')))) return text;
  throw invalid(`parsing time ${JSON.stringify(text)} as "2006-01-02T15:04:05Z07:00": cannot parse`);
}
