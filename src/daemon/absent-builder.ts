import type { Builder } from '#build';
import { notImplemented } from '#errdefs';

/** Stands where the builder will be. */
export const absentBuilder: Builder = {
  build: () => Promise.reject(notImplemented('building images is not supported yet')),
  cancel: () => {},
  diskUsage: () => [],
  prune: async () => ({ removed: [], reclaimed: 0 }),
};
