import type { KeyedMutex } from '#async';
import type { Deps, ExitRecord } from './deps.ts';
import type { Execs } from './exec/execs.ts';
import type { HealthChecks } from './health-checks.ts';
import type { RecentReads } from './recent-reads.ts';
import type { Restarts } from './restarts.ts';
import type { Sandboxes } from './sandbox.ts';
import type { StatsFeeds } from './stats-feeds.ts';
import type { ContainerRows } from './store.ts';
import type { Waiters } from './wait.ts';

/** What the verbs work with: what the daemon handed in, and what this module keeps in memory while it runs. */
export interface Context extends Deps {
  readonly rows: ContainerRows;
  /** For lists and inspections. */
  readonly recent: RecentReads;
  readonly locks: KeyedMutex;
  readonly waiters: Waiters;
  readonly sandboxes: Sandboxes;
  readonly restarts: Restarts;
  readonly execs: Execs;
  readonly health: HealthChecks;
  readonly stats: StatsFeeds;
  /** Ids whose start is under way; an exit that comes meanwhile is put here and handled after the start is on record. */
  readonly starting: Map<string, ExitRecord | undefined>;
  /** Removals of what an ended life left behind, and copies into what has no life; the next life waits for them. */
  readonly cleanups: Map<string, Promise<void>>;
  /** Processes that were gone at the last reconciling, as `<id>:<pid>`. */
  missing: ReadonlySet<string>;
  /** Ids whose rows are not committed yet: not to be swept. */
  readonly unborn: Set<string>;
}
