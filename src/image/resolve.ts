import type { EngineError } from '#errdefs';
import { isKind, notFound } from '#errdefs';
import type { Digest, Reference } from '#oci';
import { canonicalName, canonicalString, familiarString, parseAnyReference, withDefaultTag } from '#oci';
import type { ImageRecord } from './record.ts';
import type { ImageRows } from './store.ts';

/**
 * The image that a user means: a whole id, else a name (with `:latest` when it has no tag), else the beginning of an id.
 * A repository named like hex digits wins over an id. Not found, also when the beginning fits several: Docker's text.
 */
export function resolveImage(rows: ImageRows, name: string): ImageRecord {
  const parsed = parseAnyReference(name);
  const found = find(rows, name, parsed);
  if (found) return found;
  throw noSuchImage('id' in parsed ? parsed.id : familiarString(withDefaultTag(parsed.reference)));
}

/** The id of the image that a user means; undefined when there is none, or the text is no name. */
export function imageIdOf(rows: ImageRows, name: string): Digest | undefined {
  try {
    return find(rows, name, parseAnyReference(name))?.id;
  } catch (error) {
    if (isKind(error, 'invalid-argument')) return undefined;
    throw error;
  }
}

function find(rows: ImageRows, name: string, parsed: ReturnType<typeof parseAnyReference>): ImageRecord | undefined {
  if ('id' in parsed) return visible(rows, parsed.id);
  const named = rows.idOf(storedName(withDefaultTag(parsed.reference)));
  return (named && visible(rows, named)) ?? byPrefix(rows, name);
}

/** The long name under which a reference is stored: with tag and digest, the digest alone counts. */
export function storedName(reference: Reference): string {
  if (reference.digest !== undefined) return `${canonicalName(reference)}@${reference.digest}`;
  return canonicalString(withDefaultTag(reference));
}

/** Docker's error for an image that is not here. */
export function noSuchImage(name: string): EngineError {
  return notFound(`No such image: ${name}`);
}

function visible(rows: ImageRows, id: Digest): ImageRecord | undefined {
  const record = rows.get(id);
  return record?.hidden ? undefined : record;
}

function byPrefix(rows: ImageRows, name: string): ImageRecord | undefined {
  const prefix = name.replace(/^sha256:/, '');
  if (!/^[0-9a-f]{1,64}$/.test(prefix)) return undefined;
  const ids = rows.idsWith(prefix);
  return ids.length === 1 ? visible(rows, ids[0]!) : undefined;
}
