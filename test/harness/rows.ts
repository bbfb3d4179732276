import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { TestDaemon } from './daemon.ts';

/** What the engine's database says, read past the engine. */
export interface Rows {
  /** Ids of all containers, those whose create is under way too. */
  readonly containers: readonly string[];
  /** `verb of id` of every operation under way. */
  readonly operations: readonly string[];
  /** Ids of containers with a row of this kind, once per row. */
  readonly sandboxes: readonly string[];
  readonly endpoints: readonly string[];
  readonly ports: readonly string[];
  readonly attachments: readonly string[];
  /** `protocol hostPort` of every published IPv4 port. */
  readonly published: readonly string[];
  /** Names of the host's side of every endpoint, and of the bridges of networks of the user's own. */
  readonly links: readonly string[];
  readonly volumes: readonly string[];
  /** Volumes that containers name. */
  readonly usedVolumes: readonly string[];
  /** Those that are mounted on use, with a container that runs. */
  readonly mountedVolumes: readonly string[];
  readonly images: number;
  readonly layers: number;
}

/** Reads the database of an engine, running or not. */
export function readRows(daemon: TestDaemon): Rows {
  const db = new DatabaseSync(join(daemon.dataRoot, 'gantry.db'), { readOnly: true, timeout: 5000 });
  const column = (sql: string) =>
    db
      .prepare(sql)
      .all()
      .map((row) => String(Object.values(row)[0]));
  try {
    return {
      containers: column('SELECT id FROM containers'),
      operations: column(`SELECT verb || ' of ' || container_id FROM operations`),
      sandboxes: column('SELECT container_id FROM sandboxes'),
      endpoints: column('SELECT container_id FROM endpoints'),
      ports: column('SELECT container_id FROM published_ports'),
      attachments: column('SELECT container_id FROM attachments'),
      published: column(
        `SELECT protocol || ' ' || host_port FROM published_ports WHERE host_ip NOT LIKE '%:%' AND host_ip NOT LIKE '127.%'`,
      ),
      links: [
        ...column('SELECT link FROM endpoints WHERE link IS NOT NULL'),
        ...column(`SELECT bridge FROM networks WHERE settings <> ''`),
      ],
      volumes: column('SELECT name FROM volumes'),
      usedVolumes: column('SELECT DISTINCT volume FROM container_mounts WHERE volume IS NOT NULL'),
      mountedVolumes: column(
        `SELECT DISTINCT m.volume FROM container_mounts m JOIN containers c ON c.id = m.container_id
         WHERE m.point ->> '$.mountedOnUse' AND c.status IN ('running', 'paused', 'restarting')`,
      ),
      images: column('SELECT id FROM images').length,
      layers: column('SELECT chain_id FROM layers').length,
    };
  } finally {
    db.close();
  }
}
