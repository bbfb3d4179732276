import type { Reference } from '#oci';
import { canonicalString, familiarString } from '#oci';
import { failpoint } from '#sys';
import { nowText } from './clock.ts';
import type { ImageDeps } from './deps.ts';
import { publishIndex } from './publish.ts';
import type { NewImage } from './record.ts';
import { tell, tellOf } from './tell.ts';

/** An image whose data is on the disk, with the names it shall have. */
export interface ReadyImage {
  readonly image: NewImage;
  readonly references: readonly Reference[];
  /** An image that is there already is from now on what it came as this time. */
  readonly isRenewed?: boolean;
}

export interface Renamed {
  readonly reference: Reference;
  /** The image that had the name before. */
  readonly previous: string;
}

/**
 * Records images and their names in one transaction: the moment they exist. Returns the names that were taken from other
 * images. Nothing is acknowledged before the database is durable.
 */
export async function commitImages(
  deps: ImageDeps,
  images: readonly ReadyImage[],
  action: 'load' | 'import' | 'create',
): Promise<Renamed[]> {
  const renamed = deps.store.tx(() => images.flatMap((one) => record(deps, one, action)));
  failpoint('image.commit.committed');
  publishIndex(deps);
  await deps.store.durable();
  failpoint('image.commit.durable');
  return renamed;
}

function record(deps: ImageDeps, ready: ReadyImage, action: 'load' | 'import' | 'create'): Renamed[] {
  const { image, references, isRenewed } = ready;
  const { rows } = deps;
  rows.insert(image);
  if (isRenewed) rows.setSource(image);
  if (image.parent && rows.get(image.parent)) rows.setParent(image.id, image.parent);
  // Docker: an image that was committed is there before it has a name.
  if (action === 'create') tellOf(deps, action, image.id);
  const renamed: Renamed[] = [];
  for (const reference of references) {
    const previous = rows.setName(canonicalString(reference), image.id);
    if (previous) renamed.push({ reference, previous });
    if (action !== 'load') tagged(deps, image.id, reference);
  }
  if (action !== 'create') tellOf(deps, action, image.id);
  return renamed;
}

/** What a tag by name leaves behind: its time and an event. */
export function tagged(deps: ImageDeps, id: NewImage['id'], reference: Reference): void {
  deps.rows.setLastTagged(id, nowText());
  tell(deps, 'tag', id, familiarString(reference));
}
