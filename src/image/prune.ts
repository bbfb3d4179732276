import type { Filters, ImageDeleteItem, ImagePruneReport } from '#api';
import { booleanFilter, checkFilters, filterValues, matchesLabels } from '#api';
import { invalid, isKind } from '#errdefs';
import type { Digest } from '#oci';
import { failpoint } from '#sys';
import { nowNanos } from './clock.ts';
import type { ImageDeps } from './deps.ts';
import { untilTime } from './filter.ts';
import type { ImageRecord } from './record.ts';
import { removeImage } from './remove.ts';

/** Removes images without a name, or with `dangling=false` all that no container uses. */
export async function pruneImages(deps: ImageDeps, filters: Filters): Promise<ImagePruneReport> {
  const accepts = pruneFilter(filters);
  const danglingOnly = booleanFilter(filters, 'dangling', true);
  const sizes = new Map(deps.rows.layers().map(({ chainId, size }) => [chainId as string, size]));
  const removed: ImageDeleteItem[] = [];
  for (const image of deps.rows.all()) {
    if (image.hidden || !accepts(image)) continue;
    for (const name of removable(deps, image, danglingOnly)) removed.push(...(await tryRemove(deps, name)));
  }
  const layers = removed.reduce((sum, item) => sum + ('Deleted' in item ? (sizes.get(item.Deleted) ?? 0) : 0), 0);
  const reclaimed = layers + (await deps.content.forgetPartials());
  deps.store.tx(() => deps.events.record('image', 'prune', { ID: '', Attributes: { reclaimed: String(reclaimed) } }));
  failpoint('image.prune.told');
  return { ImagesDeleted: removed.length > 0 ? removed : null, SpaceReclaimed: reclaimed };
}

/** How to call an image so that its removal is complete; nothing for one that stays. */
function removable({ rows }: ImageDeps, image: ImageRecord, danglingOnly: boolean): string[] {
  const names = rows.names(image.id);
  if (names.length === 0) return rows.children(image.id).length > 0 ? [] : [image.id];
  return danglingOnly && image.repoTags.length > 0 ? [] : names;
}

async function tryRemove(deps: ImageDeps, name: string): Promise<ImageDeleteItem[]> {
  try {
    return await removeImage(deps, name, {});
  } catch (error) {
    // In use, or gone with another: not this call's business.
    if (isKind(error, 'conflict') || isKind(error, 'not-found')) return [];
    throw error;
  }
}

function pruneFilter(filters: Filters): (image: ImageRecord) => boolean {
  checkFilters(filters, ['dangling', 'label', 'label!', 'until']);
  const untils = filterValues(filters, 'until');
  if (untils.length > 1) throw invalid('more than one until filter specified');
  const until = untils[0] === undefined ? undefined : untilTime(untils[0], nowNanos());
  return ({ listed, config }: ImageRecord) => {
    if (until !== undefined && (listed === undefined || listed > until)) return false;
    const labels = config.config.Labels;
    if (!matchesLabels(filterValues(filters, 'label'), labels)) return false;
    const unwanted = filterValues(filters, 'label!');
    return unwanted.length === 0 || !matchesLabels(unwanted, labels);
  };
}

/** Images that were hidden for containers which are gone since. */
export function forgottenImages({ rows, usage }: ImageDeps): Digest[] {
  const hidden = rows.all().filter((image) => image.hidden);
  return hidden.filter(({ id }) => usage.containersUsing(id).length === 0).map(({ id }) => id);
}
