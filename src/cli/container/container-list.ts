import type { ContainerSummary } from '#api';
import { humanDuration } from '#api';
import { goQuote } from '#template/quote';
import type { Value } from '#template/value';
import { NilPointer } from '#template/value';
import type { ListFormat } from '../format/list.ts';
import { humanSize } from '../format/size.ts';
import { ellipsis, shortId, splitReference } from '../format/text.ts';
import { goTime } from '../format/time.ts';
import { displayPorts } from './ports.ts';

/** How containers are listed: cut short or in full, at the time `now` (ms). */
export function containerList(options: { trunc: boolean; size: boolean; now: number }): ListFormat<ContainerSummary> {
  const { trunc, now } = options;
  const cut = (text: string, most: number) => (trunc ? ellipsis(text, most) : text);
  const age = (created: number) => humanDuration(Math.max(0, now / 1000 - created));
  return {
    type: 'formatter.ContainerContext',
    columns: ['ID', 'Image', 'Command', 'RunningFor', 'Status', 'Ports', 'Names', ...(options.size ? ['Size'] : [])],
    raw: raw(options.size),
    methods: { Label: (name) => labelHeader(String(name)) },
    fields: {
      ID: { header: 'CONTAINER ID', get: (item) => (trunc ? shortId(item.Id) : item.Id) },
      Names: { header: 'NAMES', get: (item) => namesOf(item, trunc) },
      Image: { header: 'IMAGE', get: (item) => (trunc ? imageOf(item) : item.Image || '<no image>') },
      Command: { header: 'COMMAND', get: (item) => goQuote(cut(item.Command, 20)) },
      CreatedAt: { header: 'CREATED AT', get: (item) => goTime(item.Created) },
      RunningFor: { header: 'CREATED', get: (item) => `${age(item.Created)} ago` },
      Ports: { header: 'PORTS', get: (item) => displayPorts(item.Ports ?? []) },
      State: { header: 'STATE', get: (item) => item.State },
      Status: { header: 'STATUS', get: (item) => item.Status },
      Size: { header: 'SIZE', get: sizeOf },
      Labels: { header: 'LABELS', get: (item) => labelsOf(item.Labels) },
      Label: { header: 'LABEL', get: (item) => labelGetter(item) },
      Mounts: { header: 'MOUNTS', get: (item) => mountsOf(item, trunc) },
      LocalVolumes: { header: 'LOCAL VOLUMES', get: (item) => String(localVolumes(item)) },
      Networks: { header: 'NETWORKS', get: (item) => Object.keys(item.NetworkSettings?.Networks ?? {}).join(',') },
      Platform: { header: 'PLATFORM', get: () => new NilPointer('*v1.Platform') },
    },
  };
}

function raw(size: boolean): string {
  const line = (key: string, field: string) => `${key}: {{.${field}}}\n`;
  const padded = (key: string, field: string) => `${key}: {{- pad .${field} 1 0}}\n`;
  return [
    line('container_id', 'ID'),
    line('image', 'Image'),
    line('command', 'Command'),
    line('created_at', 'CreatedAt'),
    line('state', 'State'),
    line('status', 'Status'),
    line('names', 'Names'),
    padded('labels', 'Labels'),
    padded('ports', 'Ports'),
    size ? line('size', 'Size') : '',
  ].join('');
}

function namesOf(item: ContainerSummary, trunc: boolean): string {
  const names = (item.Names ?? []).map((name) => name.replace(/^\//, ''));
  const own = trunc ? names.find((name) => !name.includes('/')) : undefined;
  return own ?? names.join(',');
}

function imageOf(item: ContainerSummary): string {
  if (item.Image === '') return '<no image>';
  if (item.ImageID && shortId(item.ImageID) === shortId(item.Image)) return shortId(item.ImageID);
  const reference = splitReference(item.Image);
  if (!reference) return item.Image;
  return reference.tag === undefined ? reference.name : `${reference.name}:${reference.tag}`;
}

function sizeOf(item: ContainerSummary): string {
  const written = humanSize(item.SizeRw ?? 0, 3);
  return item.SizeRootFs ? `${written} (virtual ${humanSize(item.SizeRootFs, 3)})` : written;
}

/** Labels in a line, sorted. */
export function labelsOf(labels: Record<string, string> | null | undefined): string {
  return Object.entries(labels ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .sort()
    .join(',');
}

function labelGetter(item: ContainerSummary): Value {
  return (name: Value) => item.Labels?.[String(name)] ?? '';
}

function labelHeader(name: string): string {
  return (name.split('.').at(-1) ?? '').replace(/[-_]/g, ' ');
}

function mountsOf(item: ContainerSummary, trunc: boolean): string {
  const names = (item.Mounts ?? []).map((mount) => mount.Name || mount.Source || '');
  return names.map((name) => (trunc ? ellipsis(name, 15) : name)).join(',');
}

function localVolumes(item: ContainerSummary): number {
  return (item.Mounts ?? []).filter((mount) => mount.Driver === 'local').length;
}
