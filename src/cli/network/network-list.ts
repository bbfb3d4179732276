import type { NetworkResource } from '#api';
import type { ListFormat } from '../format/list.ts';

const SHORT_ID = 12;

/** How networks are listed: ids cut short or in full. */
export function networkList({ trunc }: { trunc: boolean }): ListFormat<NetworkResource> {
  return {
    type: 'network.networkContext',
    columns: ['ID', 'Name', 'Driver', 'Scope'],
    raw: 'network_id: {{.ID}}\nname: {{.Name}}\ndriver: {{.Driver}}\nscope: {{.Scope}}\n',
    fields: {
      ID: { header: 'NETWORK ID', get: ({ Id }) => (trunc ? Id.slice(0, SHORT_ID) : Id) },
      Name: { header: 'NAME', get: ({ Name }) => Name },
      Driver: { header: 'DRIVER', get: ({ Driver }) => Driver },
      Scope: { header: 'SCOPE', get: ({ Scope }) => Scope },
      IPv4: { header: 'IPV4', get: ({ EnableIPv4 }) => String(EnableIPv4) },
      IPv6: { header: 'IPV6', get: ({ EnableIPv6 }) => String(EnableIPv6) },
      Internal: { header: 'INTERNAL', get: ({ Internal }) => String(Internal) },
      Labels: { header: 'LABELS', get: ({ Labels }) => labelText(Labels) },
      CreatedAt: { header: 'CREATED AT', get: ({ Created }) => goTimeOf(Created) },
    },
  };
}

function labelText(labels: Readonly<Record<string, string>> | null): string {
  return Object.entries(labels ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
}

/** As Go's Time.String prints a time of the daemon. */
const goTimeOf = (text: string) => text.replace('T', ' ').replace(/Z$/, ' +0000 UTC');
