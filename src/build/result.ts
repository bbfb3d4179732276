import { EngineError } from '#errdefs';
import type { LayerRef } from '#image';
import type { Descriptor, Digest } from '#oci';
import type { SourceExcerpt } from './events.ts';

/** What a build made. */
export interface BuildResult {
  /** The image's id, which is its config's digest; undefined when nothing was exported into the store. */
  readonly imageId: Digest | undefined;
  readonly configDigest: Digest;
  /** Of the manifest. */
  readonly manifest: Descriptor;
  /** The image's config document. */
  readonly config: Uint8Array;
  /** Base first. */
  readonly layers: readonly LayerRef[];
  /** As BuildKit's exporters answer: `containerimage.digest`, `containerimage.config.digest`, `image.name`, … */
  readonly response: ReadonlyMap<string, string>;
  readonly warnings: readonly string[];
}

/** A failure of a build that a client can show at its place. Its message is what BuildKit says. */
export class BuildError extends EngineError {
  /** The exit status of the command that failed; 0: it was something else. */
  readonly exitCode: number;
  readonly source: SourceExcerpt | undefined;
  /** The step that failed. */
  readonly vertex: Digest | undefined;

  constructor(
    message: string,
    { cause, exitCode = 0, source, vertex }: BuildErrorDetails = {},
    kind: EngineError['kind'] = 'invalid-argument',
  ) {
    super(kind, message, cause);
    this.name = 'BuildError';
    this.exitCode = exitCode;
    this.source = source;
    this.vertex = vertex;
  }
}

interface BuildErrorDetails {
  readonly cause?: unknown;
  readonly exitCode?: number;
  readonly source?: SourceExcerpt | undefined;
  readonly vertex?: Digest | undefined;
}
