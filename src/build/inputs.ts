import type { Duplex, Readable, Writable } from 'node:stream';
import type { LayerRef } from '#image';
import type { Descriptor, Digest } from '#oci';
import type { KnownTree } from '#snapshot';
import type { FailedStep } from './failed-step.ts';

/** What a front door knows of the files of a context without looking. */
export type KnownFiles = KnownTree;

/**
 * A tree of files that a build reads: a folder of the engine's own in which nobody writes until the build is over. What
 * is in it is hostile: only jails resolve paths in it. `.dockerignore` is applied already, or by `excludes`.
 */
export interface ContextFolder {
  readonly folder: string;
  /** What of it does not count, as in .dockerignore. */
  readonly excludes: readonly string[];
  /** What is in it, if that is known; true until the build is over. */
  readonly files?: KnownFiles;
  /** A name for the tree that stays the same from build to build, when there is one (`sharedkey`). */
  readonly key?: string;
  /** Its files have owners that copies keep; absent: they are root's. */
  readonly hasOwners?: boolean;
}

/** What of a context a build is going to read; a front door may fetch no more than that. */
export interface ContextNeed {
  /** Patterns of paths as in COPY, or undefined: all of it. */
  readonly paths: readonly string[] | undefined;
}

export interface Credentials {
  readonly username?: string;
  readonly password?: string;
  readonly identityToken?: string;
  readonly registryToken?: string;
}

/** What another build has made. */
export interface OtherResult {
  readonly layers: readonly LayerRef[];
  /** The image's config document. */
  readonly config: Uint8Array;
}

/** A content store of the client: blobs by digest. */
export interface BlobStore {
  /** The bytes of a blob; not-found when it has none. */
  read(digest: Digest, signal: AbortSignal): AsyncIterable<Buffer>;
  /** Gives it a blob; it has it already is success. */
  write(
    blob: Pick<Descriptor, 'digest' | 'size'>,
    bytes: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): Promise<void>;
}

/** What a front door gives to a build. All are asked at most once for the same thing, and only when a step needs it. */
export interface BuildInputs {
  readonly dockerfile: Uint8Array;
  /** The path of the Dockerfile as the client named it, for messages. */
  readonly dockerfileName: string;
  /** Rules of ignored files, if there are any; already applied to {@link context} or not: see there. */
  readonly dockerignore: Uint8Array | undefined;
  /** The main context; fetched when it is asked for first. */
  context(need: ContextNeed): Promise<ContextFolder>;
  /** A named context that is a folder of the client; undefined when there is none of that name. */
  contextNamed(name: string, need: ContextNeed): Promise<ContextFolder | undefined>;
  /** Undefined when the client has none of this id. Its bytes are written nowhere but into the step that asks. */
  secret(id: string): Promise<Uint8Array | undefined>;
  /** Whether the client forwards an agent of this id; absent: it forwards all that it is asked for. */
  hasSsh?(id: string): Promise<boolean>;
  /** A connection to the client's agent; undefined when it forwards none of this id. Called for each connection. */
  ssh(id: string): Promise<Duplex | undefined>;
  /** `docker.io` or a registry's host and port. */
  auth(host: string): Promise<Credentials | undefined>;
  /** Where the n-th exporter of the request writes its archive, for types that are written to the client. */
  output(exporter: number, metadata: ReadonlyMap<string, string>): Promise<Writable>;
  /** The result of another build of the client, by the name it goes by in this one; undefined: there is none. */
  result?(name: string): Promise<OtherResult | undefined>;
  /** A content store of the client by its name; undefined: it offers none. */
  store?(id: string): BlobStore | undefined;
  /** Hears of each step that fails with its files, which it then owns; absent: nobody wants them. */
  readonly onFailed?: (failed: FailedStep) => void;
  /** A git or http source, fetched by the client's own means; undefined: the engine does it. */
  remote?(url: string): Promise<Readable | undefined>;
}
