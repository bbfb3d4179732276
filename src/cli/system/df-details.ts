import type { BuildCacheItem } from '#api';
import type { Value } from '#template/value';
import { containerList } from '../container/container-list.ts';
import type { ListFormat } from '../format/list.ts';
import { compileFormat, jsonOf, plainTable, viewer } from '../format/list.ts';
import { humanSize } from '../format/size.ts';
import type { ImageRow } from '../image/image-list.ts';
import { imageList, imageRows } from '../image/image-list.ts';
import { volumeList } from '../volume/volume-list.ts';
import type { Usage } from './df.ts';

interface Listed<T> {
  readonly list: ListFormat<T>;
  readonly items: readonly T[];
}

/** Every thing on the disk with its size, kind by kind, at the time `now` (ms). */
export function detailText(usage: Usage, now: number): string {
  const { images, containers, volumes, caches } = lists(usage, { trunc: true, now });
  const cacheSize = humanSize(usage.BuildCache.reduce((sum, { Size }) => sum + Size, 0));
  const table = <T>({ list, items }: Listed<T>) => plainTable(list, items);
  return [
    `Images space usage:\n\n${table(images)}`,
    `Containers space usage:\n\n${table(containers)}`,
    `Local Volumes space usage:\n\n${table(volumes)}`,
    `Build cache usage: ${cacheSize}\n\n${table(caches)}`,
  ].join('\n');
}

/** The same through a template, or as JSON. */
export async function formatDetails(usage: Usage, format: string, now: number): Promise<string> {
  const { images, containers, volumes, caches } = lists(usage, { trunc: false, now });
  const json = <T>({ list, items }: Listed<T>) => `[${items.map((item) => jsonOf(list, item)).join(',')}]`;
  const whole = `{"Images":${json(images)},"Containers":${json(containers)},"Volumes":${json(volumes)},"BuildCache":${json(caches)}}`;
  if (format === 'json') return `${whole}\n`;
  const template = await compileFormat(format);
  const { GoStruct } = await import('#template/value');
  const views = async <T>({ list, items }: Listed<T>): Promise<Value> => items.map(await viewer(list));
  const fields = {
    Images: await views(images),
    Containers: await views(containers),
    Volumes: await views(volumes),
    BuildCache: await views(caches),
  };
  return template.run(new GoStruct('*formatter.diskUsageContext', fields, { toGoJson: () => whole }));
}

function lists(usage: Usage, options: { trunc: boolean; now: number }) {
  const rows = usage.Images.flatMap((image) => imageRows(image, { digests: false, needsDigest: false }));
  const images: Listed<ImageRow> = {
    list: {
      ...imageList({ ...options, digests: false }),
      columns: ['Repository', 'Tag', 'ID', 'CreatedSince', 'Size', 'SharedSize', 'UniqueSize', 'Containers'],
    },
    items: rows.map((row) => ({ ...row, digest: '' })),
  };
  const containers: Listed<Usage['Containers'][number]> = {
    list: {
      ...containerList({ ...options, size: true }),
      columns: ['ID', 'Image', 'Command', 'LocalVolumes', 'Size', 'RunningFor', 'Status', 'Names'],
    },
    // What it shares with its image is told with the image.
    items: usage.Containers.map(({ SizeRootFs: _shared, ...container }) => container),
  };
  return {
    images,
    containers,
    volumes: { list: { ...volumeList, columns: ['Name', 'Links', 'Size'] }, items: usage.Volumes },
    caches: cachesOf(usage),
  };
}

function cachesOf({ BuildCache }: Usage): Listed<BuildCacheItem> {
  const list: ListFormat<BuildCacheItem> = {
    type: 'formatter.buildCacheContext',
    columns: ['ID', 'CacheType', 'Size', 'CreatedSince', 'LastUsedSince', 'UsageCount', 'Shared'],
    fields: {
      ID: { header: 'CACHE ID', get: ({ ID }) => ID },
      CacheType: { header: 'CACHE TYPE', get: ({ Type }) => Type },
      Size: { header: 'SIZE', get: ({ Size }) => humanSize(Size, 3) },
      CreatedSince: { header: 'CREATED', get: () => '' },
      LastUsedSince: { header: 'LAST USED', get: () => '' },
      UsageCount: { header: 'USAGE', get: () => '' },
      Shared: { header: 'SHARED', get: () => '' },
    },
  };
  return { list, items: BuildCache };
}
