import { sendProgress } from './progress.ts';
import type { Route } from './route.ts';

/** Routes that Docker does not have, all below `/gantry/`. */
export const ownRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/gantry/containers/{name}/why',
    handle: async (x, { containers }) => x.json(await containers.why(x.name)),
  },
  {
    method: 'POST',
    path: '/gantry/fsck',
    query: ['dry-run'],
    handle: (x, { images }) => sendProgress(x, images.fsck({ dryRun: x.query.bool('dry-run'), signal: x.signal })),
  },
];
