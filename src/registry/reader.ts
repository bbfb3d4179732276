import type { AnyDigest } from '#oci';
import type { FoundBlob, FoundManifest } from './registry.ts';

/** A manifest that refers to another one, as a list tells it. */
export interface Referrer {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** What is read of a registry: its own content, or also that of the one it stands for. Throws what the client is told. */
export interface Reader {
  manifest(name: string, reference: string): Promise<FoundManifest>;
  blob(name: string, digest: AnyDigest): Promise<FoundBlob>;
  /** Sorted; undefined when there is no such repository. */
  tags(name: string): Promise<readonly string[] | undefined>;
  referrers(name: string, subject: AnyDigest): Promise<readonly Referrer[]>;
}
