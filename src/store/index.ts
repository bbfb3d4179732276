/**
 * The metadata store: one SQLite file (WAL, `synchronous=NORMAL`, STRICT tables, one writer). This module knows opening,
 * migrating and transactions; every other module keeps its own SQL in its `store.ts`. The only module that imports
 * node:sqlite. A commit is safe against a crash of the daemon; {@link Store.durable} makes it safe against a power cut.
 */

export type { Row, Statement, Sync } from './store.ts';
export { Store } from './store.ts';
