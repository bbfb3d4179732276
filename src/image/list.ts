import type { Filters, ImageSummary } from '#api';
import { nowNanos } from './clock.ts';
import type { ImageDeps } from './deps.ts';
import { listFilter } from './filter.ts';
import type { ImageRecord } from './record.ts';
import { unixSeconds } from './record.ts';
import { resolveImage } from './resolve.ts';

export interface ListQuery {
  /** Also the steps between a built image and its base. */
  readonly all?: boolean;
  readonly filters?: Filters;
  readonly sharedSize?: boolean;
  /** Count the containers of each image. */
  readonly containers?: boolean;
}

/** The images, the newest first. */
export function listImages({ rows, usage }: Pick<ImageDeps, 'rows' | 'usage'>, query: ListQuery): ImageSummary[] {
  const filter = listFilter(query.filters ?? {}, (name) => resolveImage(rows, name), nowNanos());
  const shared = query.sharedSize ? sharedSizes(rows.layers()) : undefined;
  const shown = rows.all().flatMap((image) => {
    if (image.hidden || !filter.accepts(image)) return [];
    const tags = filter.names(image.repoTags);
    const digests = filter.names(image.repoDigests);
    const isNamed = tags.length + digests.length > 0;
    if (!isNamed && filter.byName) return [];
    const isDangling = image.repoTags.length + image.repoDigests.length === 0;
    if (isDangling && !query.all && rows.children(image.id).length > 0) return [];
    if (filter.dangling !== undefined && filter.dangling !== (image.repoTags.length === 0)) return [];
    const summary = summaryOf(image, tags, digests);
    if (shared) summary.SharedSize = image.layers.reduce((sum, chainId) => sum + (shared.get(chainId) ?? 0), 0);
    if (query.containers) summary.Containers = usage.containersUsing(image.id).length;
    return [{ image, summary }];
  });
  return shown.sort((a, b) => newestFirst(a.image, b.image)).map(({ summary }) => summary);
}

function summaryOf(image: ImageRecord, tags: string[], digests: string[]): ImageSummary {
  return {
    Containers: -1,
    Created: unixSeconds(image.listed),
    Id: image.id,
    Labels: image.config.config.Labels,
    ParentId: image.parent,
    RepoDigests: digests,
    RepoTags: tags,
    SharedSize: -1,
    Size: image.size,
  };
}

/** Bytes of the layers that more than one image needs. */
function sharedSizes(layers: readonly { chainId: string; size: number; users: number }[]): Map<string, number> {
  return new Map(layers.filter(({ users }) => users > 1).map(({ chainId, size }) => [chainId, size]));
}

function newestFirst(a: ImageRecord, b: ImageRecord): number {
  const [x, y] = [a.listed ?? 0n, b.listed ?? 0n];
  return x === y ? a.id.localeCompare(b.id) : x < y ? 1 : -1;
}
