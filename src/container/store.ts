import { conflict, invalid, notFound } from '#errdefs';
import type { Row, Store } from '#store';
import type { Change, Container, ContainerMount, ContainerSpec, Operation, Verb } from './record.ts';
import type { Phase, Status } from './state.ts';
import type { End } from './why/facts.ts';

const COLUMNS = `c.id, c.name, c.created_nano, c.image_id, c.spec, c.status, c.pid, c.pid_start, c.boot_id, c.exit_code,
  c.error, c.oom_killed, c.started_at, c.finished_at, c.restart_count, c.manually_stopped, c.health,
  o.verb, o.detail, o.boot_id AS operation_boot`;
const FROM = 'FROM containers c LEFT JOIN operations o ON o.container_id = c.id';
/** A container whose create is not acknowledged is nobody's yet: its name is taken, but it is not shown. */
const SHOWN = `(o.verb IS NULL OR o.verb <> 'create')`;
/** Of each container so many ends of earlier lives are kept. */
const KEPT_ENDS = 5;

/** Everything a new container's rows hold. */
export interface NewContainer {
  readonly id: string;
  readonly name: string;
  readonly createdNano: bigint;
  readonly imageId: string;
  readonly spec: ContainerSpec;
  readonly mounts: readonly ContainerMount[];
  readonly links: readonly { readonly alias: string; readonly linkedId: string }[];
}

/** A link of Docker's `--link`: the linked container has the name `container/alias` too. */
export interface Link {
  readonly container: string;
  readonly alias: string;
  readonly linkedId: string;
}

/** All SQL of the containers. Writes are to be called inside `store.tx`. */
export class ContainerRows {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Full id, then exact name, then a link's (`container/alias`), then id prefix. Docker's texts for none and for several. */
  resolve(reference: string): string {
    if (reference === '') throw invalid('container ID or name cannot be empty');
    const name = reference.startsWith('/') ? reference.slice(1) : reference;
    const exact =
      this.#shown('c.id = ?', reference) ??
      this.#shown('c.name = ?', name) ??
      this.#linked(name) ??
      this.#byPrefix(reference);
    if (exact === undefined) throw notFound(`No such container: ${reference}`);
    return exact;
  }

  get(id: string): Container | undefined {
    const row = this.#store.prepare(`SELECT ${COLUMNS} ${FROM} WHERE c.id = ?`).get(id);
    return row ? toContainer(row, this.mounts(id)) : undefined;
  }

  /** Newest first, without those whose create is under way. */
  list(): Container[] {
    return this.#all(`WHERE ${SHOWN}`);
  }

  /** Newest first, everything. */
  everything(): Container[] {
    return this.#all('');
  }

  statuses(): { id: string; name: string; imageId: string; status: Status }[] {
    return this.#store
      .prepare('SELECT id, name, image_id, status FROM containers')
      .all()
      .map((row) => ({
        id: row.id as string,
        name: row.name as string,
        imageId: row.image_id as string,
        status: row.status as Status,
      }));
  }

  mounts(id: string): ContainerMount[] {
    return this.#store
      .prepare('SELECT point FROM container_mounts WHERE container_id = ? ORDER BY position')
      .all(id)
      .map((row) => JSON.parse(row.point as string) as ContainerMount);
  }

  containersUsingVolume(volume: string): { id: string; name: string; running: boolean }[] {
    return this.#store
      .prepare(
        `SELECT DISTINCT c.id, c.name, c.status FROM container_mounts m JOIN containers c ON c.id = m.container_id
         WHERE m.volume = ?`,
      )
      .all(volume)
      .map(toUse);
  }

  containersUsingImage(imageId: string): { id: string; name: string; running: boolean }[] {
    return this.#store
      .prepare(
        `SELECT id, name, status FROM containers WHERE image_id = ?1 OR id IN (
           SELECT container_id FROM container_mounts
           WHERE volume IS NULL AND point ->> '$.type' = 'image' AND point ->> '$.source' = ?1)`,
      )
      .all(imageId)
      .map(toUse);
  }

  /** The id that holds this name, whatever its state. */
  holderOf(name: string): string | undefined {
    return this.#store.prepare('SELECT id FROM containers WHERE name = ?').get(name)?.id as string | undefined;
  }

  insert(container: NewContainer): void {
    this.assertNameFree(container.name);
    this.#store
      .prepare(
        `INSERT INTO containers (id, name, created_nano, image_id, spec, status)
         VALUES (?, ?, ?, ?, ?, 'created')`,
      )
      .run(
        container.id,
        container.name,
        container.createdNano.toString(),
        container.imageId,
        JSON.stringify(container.spec),
      );
    container.mounts.forEach((mount, position) => {
      this.#store
        .prepare(
          'INSERT INTO container_mounts (container_id, position, destination, volume, point) VALUES (?, ?, ?, ?, ?)',
        )
        .run(container.id, position, mount.destination, volumeOf(mount), JSON.stringify(mount));
    });
    for (const { alias, linkedId } of container.links) {
      this.#store
        .prepare('INSERT OR IGNORE INTO container_links (container_id, alias, linked_id) VALUES (?, ?, ?)')
        .run(container.id, alias, linkedId);
    }
  }

  /** All links, ordered by their full names. */
  links(): Link[] {
    return this.#store
      .prepare(
        `SELECT p.name, l.alias, l.linked_id FROM container_links l JOIN containers p ON p.id = l.container_id
         ORDER BY p.name, l.alias`,
      )
      .all()
      .map((row) => ({
        container: row.name as string,
        alias: row.alias as string,
        linkedId: row.linked_id as string,
      }));
  }

  /** The ids of the containers that are linked to this one. */
  linkedTo(id: string): string[] {
    return this.#store
      .prepare('SELECT container_id FROM container_links WHERE linked_id = ?')
      .all(id)
      .map((row) => row.container_id as string);
  }

  /** Drops the link of this full name; false when there is none. */
  dropLink(fullName: string): boolean {
    const [container = '', alias = ''] = parts(fullName);
    const id = this.holderOf(container);
    const { changes } = this.#store
      .prepare('DELETE FROM container_links WHERE container_id = ? AND alias = ?')
      .run(id ?? '', alias);
    return Number(changes) > 0;
  }

  assertNameFree(name: string): void {
    const holder = this.holderOf(name);
    if (holder === undefined) return;
    throw conflict(
      `Conflict. The container name "/${name}" is already in use by container "${holder}". You have to remove (or rename) that container to be able to reuse that name.`,
    );
  }

  rename(id: string, name: string): void {
    this.assertNameFree(name);
    this.#store.prepare('UPDATE containers SET name = ? WHERE id = ?').run(name, id);
  }

  /** Keeps the end on record beside those before it: the row is about to tell of another life. Twice is once. */
  keepEnd(id: string): void {
    this.#store
      .prepare(
        `INSERT OR IGNORE INTO container_ends
         SELECT NULL, id, started_at, finished_at, exit_code, oom_killed, manually_stopped, '' FROM containers
         WHERE id = ? AND error = '' AND finished_at NOT LIKE '0001-%'`,
      )
      .run(id);
    this.#trimEnds(id);
  }

  /** Keeps a start that failed. */
  keepFailure(id: string, { at, exitCode, error }: { at: string; exitCode: number; error: string }): void {
    this.#store
      .prepare(`INSERT OR IGNORE INTO container_ends VALUES (NULL, ?, '', ?, ?, 0, 0, ?)`)
      .run(id, at, exitCode, error);
    this.#trimEnds(id);
  }

  /** The kept ends, the newest first. */
  ends(id: string): End[] {
    return this.#store
      .prepare('SELECT * FROM container_ends WHERE container_id = ? ORDER BY seq DESC')
      .all(id)
      .map(toEnd);
  }

  setSpec(id: string, spec: ContainerSpec): void {
    this.#store.prepare('UPDATE containers SET spec = ? WHERE id = ?').run(JSON.stringify(spec), id);
  }

  change(id: string, change: Change): void {
    const values = columnsOf(change);
    const names = Object.keys(values);
    if (names.length === 0) return;
    this.#store
      .prepare(`UPDATE containers SET ${names.map((name) => `${name} = ?`).join(', ')} WHERE id = ?`)
      .run(...Object.values(values), id);
  }

  /** The container uses this volume no more. */
  dropMount(id: string, volume: string): void {
    this.#store.prepare('DELETE FROM container_mounts WHERE container_id = ? AND volume = ?').run(id, volume);
  }

  /** The row goes, and with it name, mounts and operation. */
  delete(id: string): void {
    this.#store.prepare('DELETE FROM containers WHERE id = ?').run(id);
  }

  begin(id: string, verb: Verb, bootId: string, detail: Readonly<Record<string, unknown>> = {}): void {
    this.#store
      .prepare(
        `INSERT INTO operations (container_id, verb, detail, boot_id) VALUES (?, ?, ?, ?)
         ON CONFLICT (container_id) DO UPDATE SET verb = excluded.verb, detail = excluded.detail,
           boot_id = excluded.boot_id`,
      )
      .run(id, verb, JSON.stringify(detail), bootId);
  }

  end(id: string): void {
    this.#store.prepare('DELETE FROM operations WHERE container_id = ?').run(id);
  }

  #trimEnds(id: string): void {
    this.#store
      .prepare(
        `DELETE FROM container_ends WHERE container_id = ?1 AND seq NOT IN (
           SELECT seq FROM container_ends WHERE container_id = ?1 ORDER BY seq DESC LIMIT ${KEPT_ENDS})`,
      )
      .run(id);
  }

  #shown(condition: string, value: string): string | undefined {
    return this.#store.prepare(`SELECT c.id ${FROM} WHERE ${condition} AND ${SHOWN}`).get(value)?.id as
      | string
      | undefined;
  }

  #linked(name: string): string | undefined {
    const [container = '', alias] = parts(name);
    if (alias === undefined) return undefined;
    return this.#store
      .prepare(
        `SELECT l.linked_id FROM container_links l JOIN containers p ON p.id = l.container_id
         WHERE p.name = ? AND l.alias = ?`,
      )
      .get(container, alias)?.linked_id as string | undefined;
  }

  #byPrefix(prefix: string): string | undefined {
    if (!/^[0-9a-f]{1,64}$/.test(prefix)) return undefined;
    const ids = this.#store
      .prepare(`SELECT c.id ${FROM} WHERE c.id >= ? AND c.id < ? AND ${SHOWN} LIMIT 2`)
      .all(prefix, `${prefix}g`);
    if (ids.length > 1) throw invalid(`multiple IDs found with provided prefix: ${prefix}`);
    return ids[0]?.id as string | undefined;
  }

  #all(where: string): Container[] {
    const mounts = Map.groupBy(
      this.#store.prepare('SELECT container_id, point FROM container_mounts ORDER BY container_id, position').all(),
      (row) => row.container_id as string,
    );
    return this.#store
      .prepare(`SELECT ${COLUMNS} ${FROM} ${where} ORDER BY c.created_nano DESC`)
      .all()
      .map((row) =>
        toContainer(
          row,
          (mounts.get(row.id as string) ?? []).map((mount) => JSON.parse(mount.point as string) as ContainerMount),
        ),
      );
  }
}

const volumeOf = ({ type, name }: ContainerMount) => (type === 'volume' ? (name ?? null) : null);

function toUse(row: Row): { id: string; name: string; running: boolean } {
  const status = row.status as Status;
  return {
    id: row.id as string,
    name: row.name as string,
    running: status === 'running' || status === 'paused' || status === 'restarting',
  };
}

function toEnd(row: Row): End {
  return {
    startedAt: row.started_at as string,
    finishedAt: row.finished_at as string,
    exitCode: row.exit_code as number,
    oomKilled: row.oom_killed === 1,
    stopped: row.manually_stopped === 1,
    error: row.error as string,
  };
}

function toContainer(row: Row, mounts: ContainerMount[]): Container {
  return {
    id: row.id as string,
    name: row.name as string,
    createdNano: BigInt(row.created_nano as string),
    imageId: row.image_id as string,
    spec: JSON.parse(row.spec as string) as ContainerSpec,
    phase: toPhase(row),
    status: row.status as Status,
    exitCode: row.exit_code as number,
    error: row.error as string,
    oomKilled: row.oom_killed === 1,
    startedAt: row.started_at as string,
    finishedAt: row.finished_at as string,
    restartCount: row.restart_count as number,
    manuallyStopped: row.manually_stopped === 1,
    health: row.health === null ? undefined : (JSON.parse(row.health as string) as Container['health']),
    mounts,
    operation: toOperation(row),
  };
}

function toPhase(row: Row): Phase {
  const status = row.status as Status;
  if (status !== 'running' && status !== 'paused') return { status };
  const process = {
    pid: row.pid as number,
    startTime: row.pid_start as number,
    bootId: row.boot_id as string,
  };
  return { status, process };
}

function toOperation(row: Row): Operation | undefined {
  if (row.verb === null) return undefined;
  return {
    verb: row.verb as Verb,
    bootId: row.operation_boot as string,
    detail: JSON.parse(row.detail as string) as Record<string, unknown>,
  };
}

/** `/container/alias` taken apart. */
function parts(fullName: string): string[] {
  const [, container, alias] = /^\/?([^/]*)(?:\/(.*))?$/s.exec(fullName) ?? [];
  return alias === undefined ? [container ?? ''] : [container!, alias];
}

function columnsOf(change: Change): Record<string, string | number | null> {
  const columns: Record<string, string | number | null> = {};
  const { phase } = change;
  if (phase) {
    const process = phase.status === 'running' || phase.status === 'paused' ? phase.process : undefined;
    columns.status = phase.status;
    columns.pid = process?.pid ?? null;
    columns.pid_start = process?.startTime ?? null;
    columns.boot_id = process?.bootId ?? null;
  }
  if (change.exitCode !== undefined) columns.exit_code = change.exitCode;
  if (change.error !== undefined) columns.error = change.error;
  if (change.oomKilled !== undefined) columns.oom_killed = Number(change.oomKilled);
  if (change.startedAt !== undefined) columns.started_at = change.startedAt;
  if (change.finishedAt !== undefined) columns.finished_at = change.finishedAt;
  if (change.restartCount !== undefined) columns.restart_count = change.restartCount;
  if (change.manuallyStopped !== undefined) columns.manually_stopped = Number(change.manuallyStopped);
  if (change.health !== undefined) columns.health = change.health === null ? null : JSON.stringify(change.health);
  return columns;
}
