import type { Readable } from 'node:stream';
import type { AnyDigest, Digest } from '#oci';
import type { Referrer } from './reader.ts';

/** The bytes from `start` to `end`, both included. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** Where blobs are kept. What it holds is verified: {@link adopt} is called with complete, checked bytes only. */
export interface BlobStore {
  /** Bytes of a blob; undefined when it is not here. */
  size(digest: Digest): Promise<number | undefined>;
  open(digest: Digest, range?: ByteRange): Promise<Readable>;
  /** The file that holds a blob, where one does: it is sent from there. */
  file(digest: Digest): string | undefined;
  /** Makes a file, complete and on the disk, a blob; the file is gone afterwards. Already there is success. */
  adopt(file: string, digest: Digest): Promise<void>;
  /** Keeps a blob that is here from going before it is linked, where it has other owners too. */
  hold?(digest: Digest): void;
  /** Removes a blob; tells how many bytes that frees. Where blobs have other owners too, it is only let go of. */
  remove(digest: Digest): Promise<number>;
  list(): Promise<Digest[]>;
}

/** Small texts by name, `/` between the parts: who links which blob, what a tag means. A written one survives a power cut. */
export interface NameStore {
  read(name: string): Promise<string | undefined>;
  write(name: string, text: string): Promise<void>;
  /** The next parts of all names below this one, sorted. */
  list(name: string): Promise<string[]>;
  /** Removes the name and all below it; nothing there is success. */
  remove(name: string): Promise<void>;
}

/** What a registry keeps its content in. */
export interface Storage {
  readonly blobs: BlobStore;
  readonly names: NameStore;
  /** A folder for uploads under way, on the same file system as the blobs where these are files. */
  readonly uploads: string;
}

/** The registry that this one stands for. What is undefined is not there; whoever cannot ask throws the reason. */
export interface Upstream {
  /** What a tag means now. */
  resolve(name: string, tag: string): Promise<AnyDigest | undefined>;
  manifest(name: string, digest: AnyDigest, limit: number): Promise<UpstreamManifest | undefined>;
  blobSize(name: string, digest: AnyDigest): Promise<number | undefined>;
  /** Gives the bytes of a blob to `take`; false when there is none. */
  blob(name: string, digest: AnyDigest, how: UpstreamBlob): Promise<boolean>;
  /** Sorted. */
  tags(name: string): Promise<readonly string[] | undefined>;
  /** Undefined also where the upstream keeps no such lists. */
  referrers(name: string, subject: AnyDigest): Promise<readonly Referrer[] | undefined>;
}

/** A manifest as the upstream sent it, not verified. */
export interface UpstreamManifest {
  readonly bytes: Buffer;
  readonly contentType: string | undefined;
}

/** How a blob is asked for. */
export interface UpstreamBlob {
  /** The first byte that is wanted. */
  readonly from: number;
  readonly take: (bytes: AsyncIterable<Buffer>) => Promise<void>;
  readonly signal: AbortSignal;
}
