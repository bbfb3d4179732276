import type { AnyDigest } from '#oci';
import { isAnyDigest } from '#oci';
import { RegistryError } from '../errors.ts';

/** What a path of the distribution API means. */
export type Target =
  | { readonly kind: 'root' | 'catalog' }
  | { readonly kind: 'tags' | 'uploads'; readonly name: string }
  | { readonly kind: 'manifest'; readonly name: string; readonly reference: string }
  | { readonly kind: 'blob' | 'referrers'; readonly name: string; readonly digest: AnyDigest }
  | { readonly kind: 'upload'; readonly name: string; readonly id: string };

const NAME = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*$/;
const TAG = /^\w[\w.-]{0,127}$/;
const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const NAME_LIMIT = 255;
const ENDS = /^(.*)\/(?:tags\/(list)|manifests\/([^/]*)|blobs\/uploads\/([^/]*)|blobs\/([^/]*)|referrers\/([^/]*))$/;

/** Reads a path, without its query; undefined when it is none of the API. */
export function targetOf(path: string): Target | undefined {
  if (path === '/v2/' || path === '/v2') return { kind: 'root' };
  if (path === '/v2/_catalog') return { kind: 'catalog' };
  if (!path.startsWith('/v2/')) return undefined;
  const match = ENDS.exec(decodePath(path.slice('/v2/'.length)));
  if (!match) return undefined;
  const [, name = '', list, reference, upload, blob, subject] = match;
  if (!isName(name)) throw new RegistryError('NAME_INVALID', { detail: { name } });
  if (list !== undefined) return { kind: 'tags', name };
  if (reference !== undefined) return { kind: 'manifest', name, reference: checkReference(reference) };
  if (blob !== undefined) return { kind: 'blob', name, digest: checkDigest(blob) };
  if (subject !== undefined) return { kind: 'referrers', name, digest: checkDigest(subject) };
  if (upload === '' || upload === undefined) return { kind: 'uploads', name };
  if (!ID.test(upload)) throw new RegistryError('BLOB_UPLOAD_UNKNOWN');
  return { kind: 'upload', name, id: upload };
}

export function isName(name: string): boolean {
  return name.length <= NAME_LIMIT && NAME.test(name);
}

/** The text as a digest that this registry stores. */
export function checkDigest(text: string): AnyDigest {
  if (isAnyDigest(text)) return text;
  throw new RegistryError('DIGEST_INVALID', { detail: 'want sha256: and 64 or sha512: and 128 hexadecimal digits' });
}

function checkReference(text: string): string {
  if (text.includes(':')) return checkDigest(text);
  return checkTag(text);
}

export function checkTag(text: string): string {
  if (!TAG.test(text)) throw new RegistryError('TAG_INVALID', { message: 'invalid tag' });
  return text;
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw new RegistryError('NAME_INVALID');
  }
}
