import type { ListFormat } from '../format/list.ts';
import { humanSize } from '../format/size.ts';
import type { Usage } from './df.ts';

/** One kind of thing on the disk, in sum; sizes in bytes. */
export interface Part {
  readonly type: string;
  readonly total: number;
  readonly active: number;
  readonly size: number;
  readonly reclaimable: number;
  /** Whether it is said how much of the size that is. */
  readonly hasPercent: boolean;
}

/** How the sums are listed. */
export const partList: ListFormat<Part> = {
  type: 'formatter.diskUsageImagesContext',
  columns: ['Type', 'TotalCount', 'Active', 'Size', 'Reclaimable'],
  fields: {
    Type: { header: 'TYPE', get: ({ type }) => type },
    TotalCount: { header: 'TOTAL', get: ({ total }) => String(total) },
    Active: { header: 'ACTIVE', get: ({ active }) => String(active) },
    Size: { header: 'SIZE', get: ({ size }) => humanSize(size) },
    Reclaimable: { header: 'RECLAIMABLE', get: reclaimableText },
  },
};

function reclaimableText({ size, reclaimable, hasPercent }: Part): string {
  const text = humanSize(reclaimable);
  return hasPercent && size > 0 ? `${text} (${Math.trunc((reclaimable * 100) / size)}%)` : text;
}

/** The sums of all kinds. */
export function parts(usage: Usage): Part[] {
  return [images(usage), containers(usage), volumes(usage), buildCache(usage)];
}

function images({ Images, LayersSize }: Usage): Part {
  const inUse = Images.filter(({ Containers }) => Containers !== 0);
  const own = inUse.filter(({ Size, SharedSize }) => Size !== -1 && SharedSize !== -1);
  return {
    type: 'Images',
    total: Images.length,
    active: Images.filter(({ Containers }) => Containers > 0).length,
    size: LayersSize,
    reclaimable: LayersSize - sum(own.map(({ Size, SharedSize }) => Size - SharedSize)),
    hasPercent: true,
  };
}

function containers({ Containers }: Usage): Part {
  const size = (of: Usage['Containers']) => sum(of.map(({ SizeRw = 0 }) => SizeRw));
  const isActive = ({ State }: Usage['Containers'][number]) => /running|paused|restarting/.test(State);
  return {
    type: 'Containers',
    total: Containers.length,
    active: Containers.filter(isActive).length,
    size: size(Containers),
    reclaimable: size(Containers.filter((container) => !isActive(container))),
    hasPercent: true,
  };
}

function volumes({ Volumes }: Usage): Part {
  const known = Volumes.map(({ UsageData }) => UsageData).filter((usage) => usage !== undefined && usage.Size !== -1);
  return {
    type: 'Local Volumes',
    total: Volumes.length,
    active: Volumes.filter(({ UsageData }) => (UsageData?.RefCount ?? 0) > 0).length,
    size: sum(known.map((usage) => usage!.Size)),
    reclaimable: sum(known.filter((usage) => usage!.RefCount === 0).map((usage) => usage!.Size)),
    hasPercent: true,
  };
}

function buildCache({ BuildCache }: Usage): Part {
  const size = sum(BuildCache.map(({ Size }) => Size));
  return {
    type: 'Build Cache',
    total: BuildCache.length,
    active: 0,
    size,
    reclaimable: size,
    hasPercent: false,
  };
}

const sum = (values: readonly number[]): number => values.reduce((all, each) => all + each, 0);
