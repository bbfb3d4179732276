import { closeSync, fdatasync, openSync } from 'node:fs';
import type { SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import { migrate } from './migrate.ts';
import { reserveLog, withReserve } from './room.ts';

const datasync = promisify(fdatasync);

/** What a transaction may return: anything but a promise, so that nothing waits inside one. */
export type Sync<T> = T extends PromiseLike<unknown> ? never : T;
export type Row = Record<string, SQLOutputValue>;

/** A prepared statement; rows are plain objects, integers beyond 2^53 are errors. */
export interface Statement {
  run(...values: SQLInputValue[]): { changes: number | bigint; lastInsertRowid: number | bigint };
  get(...values: SQLInputValue[]): Row | undefined;
  all(...values: SQLInputValue[]): Row[];
}

/** The database of one engine. */
export class Store implements Disposable {
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  readonly #walFd: number | undefined;
  #afterCommit: (() => void)[] | undefined;
  #commits = 0;
  #rollbacks = 0;
  #durableCommits = 0;
  #syncing: Promise<void> | undefined;

  private constructor(db: DatabaseSync, walFd: number | undefined) {
    this.#db = db;
    this.#walFd = walFd;
  }

  /** Opens (or makes) the database file and brings it up to date; `:memory:` for tests. */
  static open(path: string): Store {
    if (path === ':memory:') return new Store(openDatabase(path), undefined);
    const db = withReserve(path, () => openDatabase(path));
    const walFd = openSync(`${path}-wal`, 'r+');
    reserveLog(walFd, `${path}-wal`);
    return new Store(db, walFd);
  }

  /** The statement for this text, prepared once. */
  prepare(sql: string): Statement {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.#db.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  /** A number that is another one whenever rows may be others: it grows with each that is written, and with a rollback. */
  get changes(): number {
    return (this.prepare('SELECT total_changes() AS count').get()!.count as number) + this.#rollbacks;
  }

  /** Runs synchronous work in one transaction: all of it or nothing. Within another one it joins that one. */
  tx<T>(work: () => Sync<T>): T {
    if (this.#afterCommit) return work();
    const after: (() => void)[] = [];
    let result: T;
    this.prepare('BEGIN IMMEDIATE').run();
    this.#afterCommit = after;
    try {
      result = work();
      this.prepare('COMMIT').run();
      this.#commits++;
    } catch (error) {
      if (this.#db.isTransaction) this.prepare('ROLLBACK').run();
      this.#rollbacks++;
      throw error;
    } finally {
      this.#afterCommit = undefined;
    }
    for (const tell of after) tell();
    return result;
  }

  /** Inside a transaction: calls `tell` once it is committed, in order; never when it is rolled back. */
  afterCommit(tell: () => void): void {
    if (!this.#afterCommit) throw new Error('afterCommit outside of a transaction');
    this.#afterCommit.push(tell);
  }

  /** Waits until everything committed so far is on the disk: one fdatasync off the loop for all who ask meanwhile. */
  async durable(): Promise<void> {
    if (this.#walFd === undefined) return;
    const wanted = this.#commits;
    while (this.#durableCommits < wanted) {
      this.#syncing ??= this.#sync(this.#walFd);
      await this.#syncing;
    }
  }

  [Symbol.dispose](): void {
    this.#db.close();
    if (this.#walFd !== undefined) closeSync(this.#walFd);
  }

  async #sync(walFd: number): Promise<void> {
    const covered = this.#commits;
    try {
      await datasync(walFd);
      this.#durableCommits = covered;
    } finally {
      this.#syncing = undefined;
    }
  }
}

/** Throws SQLite's error when the disk has no room for the log, with nothing left open. */
function openDatabase(path: string): DatabaseSync {
  const db = new DatabaseSync(path, { enableForeignKeyConstraints: true, timeout: 5000 });
  try {
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 1000');
    migrate(db);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}
