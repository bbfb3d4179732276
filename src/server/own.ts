import { sendProgress } from './progress.ts';
import { authOf, registryConfigOf } from './registries.ts';
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
    query: ['dry-run', 'deep'],
    handle: (x, { images }) => {
      const secrets = { registryConfig: registryConfigOf(x), auth: authOf(x) };
      const depth = { dryRun: x.query.bool('dry-run'), deep: x.query.bool('deep') };
      return sendProgress(x, images.fsck({ ...depth, ...secrets, signal: x.signal }));
    },
  },
];
