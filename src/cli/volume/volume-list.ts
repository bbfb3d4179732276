import type { Volume } from '#api';
import { labelsOf } from '../container/container-list.ts';
import type { ListFormat } from '../format/list.ts';
import { humanSize } from '../format/size.ts';

const notAvailable = (header: string) => ({ header, get: () => 'N/A' });

/** How volumes are listed. What concerns clusters is never there. */
export const volumeList: ListFormat<Volume> = {
  type: 'formatter.volumeContext',
  columns: ['Driver', 'Name'],
  raw: 'name: {{.Name}}\ndriver: {{.Driver}}\n',
  methods: { Label: (name) => String(name).replace(/^.*\./, '').replace(/[-_]/g, ' ') },
  fields: {
    Name: { header: 'VOLUME NAME', get: ({ Name }) => Name },
    Driver: { header: 'DRIVER', get: ({ Driver }) => Driver },
    Scope: { header: 'SCOPE', get: ({ Scope }) => Scope },
    Mountpoint: { header: 'MOUNTPOINT', get: ({ Mountpoint }) => Mountpoint },
    Labels: { header: 'LABELS', get: ({ Labels }) => labelsOf(Labels) },
    Label: { header: 'LABEL', get: (volume) => (name) => volume.Labels?.[String(name)] ?? '' },
    Links: { header: 'LINKS', get: ({ UsageData }) => (UsageData ? String(UsageData.RefCount) : 'N/A') },
    Size: { header: 'SIZE', get: ({ UsageData }) => (UsageData ? humanSize(UsageData.Size) : 'N/A') },
    Availability: notAvailable('AVAILABILITY'),
    Group: notAvailable('GROUP'),
    Status: notAvailable('STATUS'),
  },
};
