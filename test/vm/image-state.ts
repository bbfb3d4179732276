import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** Prints as JSON what the engine of this host has of images: on the disk, on record, and half of anything. */
const root = '/var/lib/gantry';
const list = (...path: string[]) => (existsSync(join(root, ...path)) ? readdirSync(join(root, ...path)) : []);
const database = new DatabaseSync(join(root, 'gantry.db'), { readOnly: true, timeout: 10_000 });
const count = (sql: string) => Number(Object.values(database.prepare(sql).get()!)[0]);

console.log(
  JSON.stringify({
    images: count('SELECT count(*) FROM images'),
    layers: { onDisk: list('snapshots/l').length, onRecord: count('SELECT count(*) FROM layers') },
    half: ['content/ingest', 'content/trash', 'snapshots/.ingest', 'snapshots/.trash'].flatMap((path) => list(path)),
  }),
);
