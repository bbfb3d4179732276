import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';

const FOLDER = join(import.meta.dirname, 'migrations');

/** The migrations in order: files `NNNN-name.sql`, numbered from 1 without a gap. */
export function migrations(folder: string = FOLDER): { number: number; sql: string }[] {
  const names = readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .sort();
  return names.map((name, index) => {
    const number = Number(name.slice(0, 4));
    if (number !== index + 1) throw new Error(`migration "${name}" should have the number ${index + 1}`);
    return { number, sql: readFileSync(join(folder, name), 'utf8') };
  });
}

/** Applies what is missing, each migration in its own transaction; a database newer than this build is refused. */
export function migrate(db: DatabaseSync): void {
  const steps = migrations();
  const at = db.prepare('PRAGMA user_version').get()?.user_version as number;
  if (at > steps.length) {
    throw new Error(`the database has schema ${at}, this gantryd knows ${steps.length}: start a newer gantryd`);
  }
  for (const { number, sql } of steps.slice(at)) db.exec(`BEGIN; ${sql}; PRAGMA user_version = ${number}; COMMIT`);
}
