import { createHash } from 'node:crypto';
import { invalid } from '#errdefs';

/** A content address, `sha256:` and 64 lower-case hex digits. The only algorithm that this engine stores. */
export type Digest = `sha256:${string}`;

/** What a blob may be called elsewhere: a registry also keeps what its clients name by SHA-512. */
export type AnyDigest = Digest | `sha512:${string}`;

const DIGEST = /^sha256:[0-9a-f]{64}$/;
const SHA512 = /^sha512:[0-9a-f]{128}$/;
const ANY_DIGEST = /^[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[a-zA-Z0-9=_-]+$/;

/** Whether the text is a whole digest. */
export function isDigest(text: unknown): text is Digest {
  return typeof text === 'string' && DIGEST.test(text);
}

/** Whether the text is a whole digest of SHA-256 or SHA-512. */
export function isAnyDigest(text: unknown): text is AnyDigest {
  return isDigest(text) || (typeof text === 'string' && SHA512.test(text));
}

/** The text as a digest; Docker's messages for a malformed one (invalid-argument). */
export function parseDigest(text: string): Digest {
  if (isDigest(text)) return text;
  if (!ANY_DIGEST.test(text)) throw invalid('invalid checksum digest format');
  if (!text.startsWith('sha256:')) throw invalid('unsupported digest algorithm');
  throw invalid(text.length === 71 ? 'invalid checksum digest format' : 'invalid checksum digest length');
}

/** The digest of these bytes. */
export function digestOf(bytes: Uint8Array | string): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** The digest of these bytes by the algorithm of another one. */
export function digestLike(digest: AnyDigest, bytes: Uint8Array): AnyDigest {
  if (isDigest(digest)) return digestOf(bytes);
  return `sha512:${createHash('sha512').update(bytes).digest('hex')}`;
}

/** The 64 hex digits, a blob's file name. */
export function digestHex(digest: Digest): string {
  return digest.slice('sha256:'.length);
}

/** The first 12 hex digits, as Docker shows ids. */
export function shortId(digest: string): string {
  return digest.slice(digest.indexOf(':') + 1).slice(0, 12);
}
