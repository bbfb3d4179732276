import type { Digest } from '#oci';

/** A step of a build, as BuildKit's clients show it. */
export interface Vertex {
  /** The same step has the same one in each build. */
  readonly digest: Digest;
  /** `[stage 1/3] RUN make` */
  readonly name: string;
  readonly inputs: readonly Digest[];
  /** Steps that belong together on a terminal. */
  readonly progressGroup?: { readonly id: string; readonly name: string; readonly weak: boolean };
  /** Which lines of the Dockerfile it comes from; 0: none. */
  readonly line: number;
  /** The number of the step and of all steps of the build, in the classic order; 0: none. */
  readonly step: number;
}

/** How much of a part of a step is done. `id` names the part within it. */
export interface Status {
  readonly id: string;
  readonly name: string;
  readonly current: number;
  /** 0: unknown. */
  readonly total: number;
  readonly started: Date;
  readonly completed?: Date;
}

/** A finding about the Dockerfile, with what `docker buildx build` prints of it. */
export interface Warning {
  readonly level: number;
  readonly short: string;
  readonly detail: readonly string[];
  readonly url: string;
  readonly source: SourceExcerpt | undefined;
}

/** Lines of a file that a message is about; numbered from 1. */
export interface SourceExcerpt {
  readonly filename: string;
  readonly data: Uint8Array;
  readonly ranges: readonly { readonly start: Position; readonly end: Position }[];
}

export interface Position {
  readonly line: number;
  readonly character: number;
}

/** Hears how a build goes on, in order. Nothing it does fails the build. */
export interface BuildEvents {
  /** A step is known. Before anything else is told of it; may come again with other inputs. */
  vertex(vertex: Vertex): void;
  started(digest: Digest): void;
  /** It is done; `cached`: from the cache. */
  completed(digest: Digest, how: { readonly cached: boolean; readonly layer?: string }): void;
  failed(digest: Digest, error: Error): void;
  status(digest: Digest, status: Status): void;
  log(digest: Digest, stream: 'stdout' | 'stderr', chunk: Uint8Array): void;
  warning(digest: Digest | undefined, warning: Warning): void;
}
