import type { EngineError } from '#errdefs';
import { internal, isKind, notFound } from '#errdefs';
import type { Digest, Reference } from '#oci';
import { canonicalName, parseAnyReference, parseReference } from '#oci';
import type { ImageRecord } from './record.ts';
import { noSuchImage, resolveImage, storedName } from './resolve.ts';
import type { ImageRows } from './store.ts';

/** An image to be saved, under these names. */
export interface SavedImage {
  readonly image: ImageRecord;
  readonly references: Reference[];
}

/**
 * What the names of a save mean, in their order: a repository without a tag is all of its tags, a tag is that one, an id
 * is the image without a name. Docker's messages.
 */
export function namedForSave(rows: ImageRows, names: readonly string[]): SavedImage[] {
  const found = new Map<Digest, SavedImage>();
  for (const name of names) {
    for (const { image, reference } of meant(rows, name)) {
      const known = found.get(image.id) ?? { image, references: [] };
      found.set(image.id, known);
      if (reference && !known.references.some(({ tag, path, domain }) => isSame(reference, { tag, path, domain }))) {
        known.references.push(reference);
      }
    }
  }
  return [...found.values()];
}

interface Meant {
  readonly image: ImageRecord;
  readonly reference?: Reference;
}

function meant(rows: ImageRows, name: string): Meant[] {
  const parsed = parsedName(name);
  if ('id' in parsed) return [{ image: resolveImage(rows, name) }];
  const { reference } = parsed;
  if (reference.digest !== undefined || reference.tag !== undefined) {
    const id = rows.idOf(storedName(reference));
    const image = id && rows.get(id);
    if (!image || image.hidden) throw notFound('reference does not exist');
    return [reference.digest === undefined ? { image, reference } : { image }];
  }
  const tagged = rows.tagsOf(canonicalName(reference)).flatMap(({ name: long, image: id }) => {
    const image = rows.get(id);
    return image && !image.hidden ? [{ image, reference: parseReference(long) }] : [];
  });
  return tagged.length > 0 ? tagged : [{ image: byId(rows, name) }];
}

/** Docker: a name that is none is a failure of the engine (500). */
function parsedName(name: string): ReturnType<typeof parseAnyReference> {
  try {
    return parseAnyReference(name);
  } catch (error) {
    throw isKind(error, 'invalid-argument') ? internal((error as EngineError).message, error) : error;
  }
}

function byId(rows: ImageRows, name: string): ImageRecord {
  try {
    return resolveImage(rows, name);
  } catch (error) {
    throw isKind(error, 'not-found') ? noSuchImage(name) : error;
  }
}

function isSame(a: Reference, b: Partial<Reference>): boolean {
  return a.tag === b.tag && a.path === b.path && a.domain === b.domain;
}
