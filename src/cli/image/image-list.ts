import type { ImageSummary } from '#api';
import { humanDuration } from '#api';
import type { ListFormat } from '../format/list.ts';
import { humanSize } from '../format/size.ts';
import { shortId, splitReference } from '../format/text.ts';
import { goTime } from '../format/time.ts';

/** One line of the list: an image under one of its names. */
export interface ImageRow {
  image: ImageSummary;
  repository: string;
  tag: string;
  digest: string;
}

const none = '<none>';

/** The lines that an image makes: one a tag (a tag and digest, where digests are wanted), or one without a name. */
export function imageRows(image: ImageSummary, options: { digests: boolean; needsDigest: boolean }): ImageRow[] {
  const row = (repository: string, tag: string, digest: string) => ({ image, repository, tag, digest });
  if (isDangling(image)) return [row(none, none, none)];
  const tags = grouped(image.RepoTags ?? [], 'tag');
  const digests = grouped(image.RepoDigests ?? [], 'digest');
  const rows: ImageRow[] = [];
  for (const [repository, all] of tags) {
    const known = options.needsDigest ? (digests.get(repository) ?? []) : [];
    digests.delete(repository);
    for (const tag of all)
      for (const digest of known.length > 0 ? known : [none]) rows.push(row(repository, tag, digest));
  }
  for (const [repository, all] of digests) {
    for (const digest of options.digests ? all : ['']) rows.push(row(repository, none, digest));
  }
  return rows;
}

function isDangling({ RepoTags, RepoDigests }: ImageSummary): boolean {
  const tags = (RepoTags ?? []).filter((tag) => tag !== '<none>:<none>');
  const digests = (RepoDigests ?? []).filter((digest) => digest !== '<none>@<none>');
  return tags.length === 0 && digests.length === 0;
}

function grouped(references: readonly string[], part: 'tag' | 'digest'): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const text of references) {
    const reference = splitReference(text);
    const value = reference?.[part];
    if (reference && value !== undefined) groups.set(reference.name, [...(groups.get(reference.name) ?? []), value]);
  }
  return groups;
}

/** How images are listed: cut short or in full, at the time `now` (ms). */
export function imageList(options: { trunc: boolean; digests: boolean; now: number }): ListFormat<ImageRow> {
  const size = (bytes: number) => (bytes < 0 ? 'N/A' : humanSize(bytes));
  const total = (image: ImageSummary) => image.VirtualSize || image.Size;
  const age = (created: number) => `${humanDuration(Math.max(0, options.now / 1000 - created))} ago`;
  const unique = (image: ImageSummary) =>
    image.Size < 0 || image.SharedSize < 0 ? 'N/A' : humanSize(image.Size - image.SharedSize);
  return {
    type: 'formatter.imageContext',
    columns: ['Repository', 'Tag', ...(options.digests ? ['Digest'] : []), 'ID', 'CreatedSince', 'Size'],
    raw: raw(options.digests),
    fields: {
      ID: { header: 'IMAGE ID', get: ({ image }) => (options.trunc ? shortId(image.Id) : image.Id) },
      Repository: { header: 'REPOSITORY', get: ({ repository }) => repository },
      Tag: { header: 'TAG', get: ({ tag }) => tag },
      Digest: { header: 'DIGEST', get: ({ digest }) => digest },
      CreatedSince: {
        header: 'CREATED',
        get: ({ image }) => (image.Created > -62135596800 ? age(image.Created) : 'N/A'),
      },
      CreatedAt: { header: 'CREATED AT', get: ({ image }) => goTime(image.Created) },
      Size: { header: 'SIZE', get: ({ image }) => humanSize(image.Size, 3) },
      Containers: {
        header: 'CONTAINERS',
        get: ({ image }) => (image.Containers < 0 ? 'N/A' : String(image.Containers)),
      },
      VirtualSize: { header: 'SIZE', get: ({ image }) => size(total(image)) },
      SharedSize: { header: 'SHARED SIZE', get: ({ image }) => size(image.SharedSize) },
      UniqueSize: { header: 'UNIQUE SIZE', get: ({ image }) => unique(image) },
    },
  };
}

function raw(digests: boolean): string {
  const line = (key: string, field: string) => `${key}: {{.${field}}}\n`;
  const digest = digests ? line('digest', 'Digest') : '';
  const head = line('repository', 'Repository') + line('tag', 'Tag') + digest + line('image_id', 'ID');
  return `${head}${line('created_at', 'CreatedAt')}${line('virtual_size', 'Size')}`;
}
