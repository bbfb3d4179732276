import { posix } from 'node:path';
import type { CgroupLayout } from '#sys';
import type { CgroupPlace } from './tree.ts';
import { descendants } from './tree.ts';

/** How deep under a hierarchy's root parents of containers are looked for. */
const MAX_DEPTH = 8;

/**
 * Cgroups that carry this engine's mark, by container id: `/gantry<suffix>/<id>`, `gantry<suffix>-<id>` under foreign
 * parents, scopes. Whoever calls kills and removes those without an owner.
 */
export function markedCgroups(layout: CgroupLayout, suffix: string): Map<string, CgroupPlace> {
  const roots =
    layout.version === 2
      ? [{ controller: 'unified', path: layout.unified }]
      : layout.hierarchies.map(({ name, mountpoint }) => ({ controller: name, path: mountpoint }));
  const found = new Map<string, { controller: string; path: string }[]>();
  for (const root of roots) {
    for (const path of descendants(root.path)) {
      const id = ownerOf(path.slice(root.path.length), suffix);
      if (id === undefined) continue;
      found.set(id, [...(found.get(id) ?? []), { controller: root.controller, path }]);
    }
  }
  return new Map([...found].map(([id, directories]) => [id, place(layout, directories)]));
}

/** The container whose own cgroup this path is, relative to the hierarchy's root; undefined for all other paths. */
export function ownerOf(path: string, suffix: string): string | undefined {
  const { dir, base } = posix.parse(path.endsWith('.scope') ? `${path}.` : path);
  if (path.split('/').length > MAX_DEPTH) return undefined;
  const name = path.endsWith('.scope') ? base.slice(0, -'.scope.'.length) : base;
  if (dir === `/gantry${suffix}` && /^[0-9a-f]{64}$/.test(name)) return name;
  const prefix = `gantry${suffix}-`;
  const id = name.startsWith(prefix) ? name.slice(prefix.length) : '';
  return /^[0-9a-f]{64}$/.test(id) ? id : undefined;
}

function place(
  { version, controllers }: CgroupLayout,
  directories: { controller: string; path: string }[],
): CgroupPlace {
  const holder = directories.find(({ controller }) =>
    version === 2 ? true : controller.split(',').includes('memory'),
  );
  const file = version === 2 ? 'memory.events' : 'memory.oom_control';
  return {
    version,
    directories,
    oomFile: holder && controllers.includes('memory') ? `${holder.path}/${file}` : '',
  };
}
