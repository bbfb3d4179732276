import type { Context } from '../context.ts';
import type { Asked } from '../lease.ts';
import type { Named } from './zones.ts';

/** A network as a sandbox sees it: its zone, and names that only this sandbox has there. */
export interface View {
  readonly networkId: string;
  readonly network: string;
  /** `name → the container it stands for`, of links. */
  readonly links: ReadonlyMap<string, string>;
}

type Deps = Pick<Context, 'rows' | 'zones' | 'predefined'>;

/** The networks in which a sandbox has names, that of its default route first. */
export function viewsOf({ rows, predefined }: Deps, containerId: string): View[] {
  const attachments = new Map(rows.attachments(containerId).map((row) => [row.networkId, row]));
  return rows
    .endpoints(containerId)
    .filter(({ link, networkId }) => link !== null && networkId !== predefined)
    .sort((a, b) => b.gateway - a.gateway)
    .flatMap(({ networkId }) => {
      const row = attachments.get(networkId);
      return row ? [{ networkId, network: row.network, links: linksOf(JSON.parse(row.settings) as Asked) }] : [];
    });
}

function linksOf({ Links }: Asked): Map<string, string> {
  const pairs = (Links ?? []).map((link): [string, string] => {
    const [name = '', alias = name] = link.split(':');
    return [alias.toLowerCase(), name.toLowerCase()];
  });
  return new Map(pairs);
}

/** Who bears a name: in the first network that knows it, else `name.network` in that one; undefined: nobody. */
export function lookUp({ zones }: Deps, views: readonly View[], query: string): readonly Named[] | undefined {
  const name = query.toLowerCase();
  const find = ({ networkId, links }: View, wanted: string) => {
    const { byName } = zones.of(networkId);
    return byName.get(links.get(wanted) ?? wanted);
  };
  for (const view of views) {
    const found = find(view, name);
    if (found) return found;
  }
  const dot = name.lastIndexOf('.');
  const view = views.find(({ network }) => network.toLowerCase() === name.slice(dot + 1));
  return dot > 0 && view ? find(view, name.slice(0, dot)) : undefined;
}

/** The name that belongs to an address, as `name.network`; undefined: none that the sandbox may know. */
export function reverse({ zones }: Deps, views: readonly View[], address: string): string | undefined {
  for (const { networkId, network } of views) {
    const name = zones.of(networkId).byAddress.get(address)?.names[0];
    if (name !== undefined) return `${name}.${network}`;
  }
  return undefined;
}
