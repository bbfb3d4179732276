import { KeyedMutex } from '#async';
import type { LayerRef } from '#image';
import { CacheMounts } from './cache-mounts.ts';
import type { BuildDeps } from './deps.ts';
import { Flights } from './flights.ts';
import { Processes } from './ops/processes.ts';
import { CacheRows } from './store.ts';

/** What all builds of an engine share. */
export interface Context extends BuildDeps {
  readonly rows: CacheRows;
  /** Steps under way, by key: the layer that a step adds, if it does. */
  readonly flights: Flights<LayerRef | undefined>;
  /** Cache mounts that nobody else may have meanwhile. */
  readonly cacheMounts: KeyedMutex;
  readonly mounts: CacheMounts;
  readonly processes: Processes;
}

export function createContext(deps: BuildDeps): Context {
  return {
    ...deps,
    rows: new CacheRows(deps.store),
    flights: new Flights(),
    cacheMounts: new KeyedMutex(),
    mounts: new CacheMounts(deps.folder, deps.log),
    processes: new Processes(deps),
  };
}
