import type { ImageDeleteItem } from '#api';
import { conflict } from '#errdefs';
import type { Digest } from '#oci';
import { canonicalName, familiarString, parseReference, shortId } from '#oci';
import { failpoint } from '#sys';
import { deleteConflict, isSingleName } from './conflict.ts';
import type { ImageDeps } from './deps.ts';
import { publishIndex, roots } from './publish.ts';
import type { ImageRecord } from './record.ts';
import { resolveImage, storedName } from './resolve.ts';
import { tellOf } from './tell.ts';

export interface RemoveOptions {
  readonly force?: boolean;
  /** Leaves untagged parents. */
  readonly noprune?: boolean;
}

/** What a removal did so far: lines of the answer, and images whose data can go. */
interface Removal {
  readonly force: boolean;
  readonly prune: boolean;
  readonly items: ImageDeleteItem[];
  readonly deleted: ImageRecord[];
}

/**
 * Removes a name, and the image with its last one. Rows go in one transaction, then the data: what is left of the data
 * after a crash goes at the next start. An image that stopped containers use is only hidden, for as long as they are there.
 */
export async function removeImage(deps: ImageDeps, name: string, options: RemoveOptions): Promise<ImageDeleteItem[]> {
  const removal: Removal = { force: options.force ?? false, prune: !options.noprune, items: [], deleted: [] };
  deps.store.tx(() => decideAndDelete(deps, name, removal));
  failpoint('image.remove.committed');
  publishIndex(deps);
  await deps.store.durable();
  failpoint('image.remove.durable');
  await discard(deps, removal);
  return removal.items;
}

function decideAndDelete(deps: ImageDeps, name: string, removal: Removal): void {
  const image = resolveImage(deps.rows, name);
  const untagged = isIdOf(image.id, name) ? untagById(deps, image, removal) : untagByName(deps, image, name, removal);
  if (untagged === 'others remain') return;
  deleteImage(deps, image.id, removal, untagged === 'last name');
}

type Untagged = 'others remain' | 'last name' | 'by id';

function untagByName(deps: ImageDeps, image: ImageRecord, name: string, removal: Removal): Untagged {
  const before = deps.rows.names(image.id);
  if (!removal.force && isSingleName(before)) {
    const user = deps.usage.containersUsing(image.id)[0];
    if (user) {
      throw conflict(
        `conflict: unable to remove repository reference ${JSON.stringify(name)} (must force) - container ${shortId(user.id)} is using its referenced image ${shortId(image.id)}`,
      );
    }
  }
  const reference = parseReference(name);
  untag(deps, image.id, storedName(reference), removal);
  if (reference.digest === undefined) untagLoneDigests(deps, image.id, canonicalName(reference), removal);
  return deps.rows.names(image.id).length > 0 ? 'others remain' : 'last name';
}

/** With the last tag of a repository, its digests go too. */
function untagLoneDigests(deps: ImageDeps, id: Digest, repository: string, removal: Removal): void {
  const same = deps.rows.names(id).filter((name) => canonicalName(parseReference(name)) === repository);
  if (same.some((name) => parseReference(name).digest === undefined)) return;
  for (const name of same) untag(deps, id, name, removal, false);
}

function untagById(deps: ImageDeps, image: ImageRecord, removal: Removal): Untagged {
  const names = deps.rows.names(image.id);
  if (!isSingleName(names)) return 'by id';
  const stands = deleteConflict(deps, image.id, { soft: !removal.force, ignoreNames: true });
  if (stands) throw stands.error;
  for (const name of names) untag(deps, image.id, name, removal);
  return 'by id';
}

/** Deletes an image without conflicts, then its parents as far as nobody needs them. `quiet` as Docker's. */
function deleteImage(deps: ImageDeps, id: Digest, removal: Removal, quiet: boolean): void {
  const image = deps.rows.get(id);
  if (!image) return;
  const stands = deleteConflict(deps, id, { soft: !removal.force });
  if (stands) {
    const isDangling = deps.rows.names(id).length === 0;
    if (quiet && (!isDangling || stands.used)) return;
    throw stands.error;
  }
  for (const name of deps.rows.names(id)) untag(deps, id, name, removal);
  if (deps.usage.containersUsing(id).length > 0) deps.rows.hide(id);
  else deps.rows.delete(id);
  deps.events.record('image', 'delete', { ID: id, Attributes: { name: id } });
  removal.items.push({ Deleted: id });
  for (const chainId of image.layers.toReversed()) {
    if (!deps.rows.layerUsed(chainId)) removal.items.push({ Deleted: chainId });
  }
  removal.deleted.push(image);
  if (removal.prune && image.parent) deleteImage(deps, image.parent, { ...removal, force: false }, true);
}

function untag(deps: ImageDeps, id: Digest, name: string, removal: Removal, heard = true): void {
  deps.rows.removeName(name);
  if (heard) tellOf(deps, 'untag', id);
  removal.items.push({ Untagged: familiarString(parseReference(name)) });
}

/** Removes the layers and blobs that only the deleted images needed. */
async function discard(deps: ImageDeps, { deleted }: Removal): Promise<void> {
  if (deleted.length === 0) return;
  const chain = new Set(deleted.flatMap((image) => image.layers.toReversed()));
  await deps.layers.removeUnused([...chain]);
  await deps.content.collect(() => roots(deps));
  failpoint('image.remove.collected');
}

/** Whether the user wrote an id, or the beginning of one, and not a name. */
function isIdOf(id: Digest, text: string): boolean {
  return id.startsWith(text) || id.slice('sha256:'.length).startsWith(text);
}
