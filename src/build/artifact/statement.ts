import type { Descriptor, Platform } from '#oci';
import { digestHex } from '#oci';
import { packageUrl } from './provenance.ts';

/** Something that is said of an image. */
export interface Statement {
  readonly predicateType: string;
  readonly predicate: object;
}

interface Subject {
  readonly manifest: Descriptor;
  readonly platform: Platform;
  /** References of the image; without any it is not named. */
  readonly names: readonly string[];
}

const TYPE = 'https://in-toto.io/Statement/v0.1';

/** An in-toto statement about an image, as BuildKit writes it. */
export function statementDocument(
  { predicateType, predicate }: Statement,
  { manifest, platform, names }: Subject,
): string {
  const digest = { sha256: digestHex(manifest.digest as `sha256:${string}`) };
  const subject = names.map((name) => ({ name: packageUrl(name, platform), digest }));
  return JSON.stringify({ _type: TYPE, predicateType, subject, predicate });
}

/** The same about files that are no image. */
export function bareStatement({ predicateType, predicate }: Statement): string {
  return JSON.stringify({ _type: TYPE, predicateType, subject: [], predicate }, undefined, 2);
}
