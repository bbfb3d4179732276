import type { ImageBuilder } from '#build';
import { buildClassic } from '#build';
import type { BuildDoor } from '#builder';
import { credentialsByHost } from '#distribution';
import type { ServerDeps } from '#server';

/** The builder as the REST API asks it. */
export function restBuilds(builder: ImageBuilder, door: BuildDoor): ServerDeps['builds'] {
  return {
    build: (body, { registryConfig, ...options }) =>
      options.isBuildKit
        ? door.build(body, options)
        : buildClassic(builder, body, { ...options, credentials: credentialsByHost({ registryConfig }) }),
    cancel: (id) => builder.cancel(id),
    prune: async ({ filters, ...budget }) => {
      const { removed, reclaimed } = await builder.prune({ ...budget, filters: new Map(Object.entries(filters)) });
      const ids = removed.map(({ id }) => id);
      return { CachesDeleted: ids.length > 0 ? ids : null, SpaceReclaimed: reclaimed };
    },
  };
}
