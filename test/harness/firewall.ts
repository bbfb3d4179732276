import { execFileSync } from 'node:child_process';

type Key = { readonly concat: readonly (string | number)[] };
type Element = [Key, unknown] | Key;

/** `protocol hostPort` of every element of an engine's maps of published ports, as nft(8) lists them. */
export function publishedElements(mark: string): string[] {
  const text = execFileSync('nft', ['-j', 'list', 'table', 'inet', `gantry_${mark}`], { encoding: 'utf8' });
  const { nftables } = JSON.parse(text) as { nftables: { map?: { name: string; elem?: Element[] } }[] };
  const maps = nftables.flatMap(({ map }) => (map && ['publish', 'publish_on'].includes(map.name) ? [map] : []));
  return maps.flatMap(({ elem = [] }) => elem.map(keyOf).map((key) => key.concat.slice(-2).join(' ')));
}

function keyOf(element: Element): Key {
  return Array.isArray(element) ? element[0] : element;
}
