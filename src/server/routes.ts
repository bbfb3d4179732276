import { absentRoutes } from './absent.ts';
import { buildConnectionRoutes } from './build-connections.ts';
import { buildRoutes } from './builds.ts';
import { containerRoutes } from './containers.ts';
import { debugRoutes } from './debug.ts';
import { execRoutes } from './execs.ts';
import { fileRoutes } from './files.ts';
import { imageRoutes } from './images.ts';
import { networkRoutes } from './networks.ts';
import { ownRoutes } from './own.ts';
import { registryRoutes } from './registries.ts';
import type { Route } from './route.ts';
import { streamRoutes } from './streams.ts';
import { systemRoutes } from './system.ts';
import { volumeRoutes } from './volumes.ts';

/** The Engine API, one line a route: the router, the documents and the tests read this table. */
export const routes: readonly Route[] = [
  ...systemRoutes,
  ...containerRoutes,
  ...streamRoutes,
  ...execRoutes,
  ...fileRoutes,
  ...imageRoutes,
  ...buildConnectionRoutes,
  ...registryRoutes,
  ...buildRoutes,
  ...volumeRoutes,
  ...networkRoutes,
  ...ownRoutes,
  ...debugRoutes,
  ...absentRoutes,
];
