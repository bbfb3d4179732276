import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BuildHistoryRecord, milliseconds, StatusResponse } from '#buildkit';
import { FrameReader, frame } from '#grpc';
import type { Log } from '#log';
import type { Message } from '#protobuf';
import { decode, encode } from '#protobuf';
import { failpoint } from '#sys';
import type { Update } from '../progress/feed.ts';

/** BuildKit's own limit on builds that nobody pinned. */
const MAX_RECORDS = 50;

export type HistoryRecord = Message<typeof BuildHistoryRecord>;

/** The builds that have ended: a file each, of its record and then of what it told. */
export class History {
  readonly #folder: string;
  readonly #log: Log;
  readonly #records = new Map<string, HistoryRecord>();

  constructor({ folder, log }: { folder: string; log: Log }) {
    this.#folder = folder;
    this.#log = log;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const ref of readdirSync(folder).filter((name) => REF.test(name))) {
      const record = this.#read(ref)?.next().value;
      if (record) this.#records.set(ref, decode(BuildHistoryRecord, record));
    }
  }

  /** Newest last. */
  list(): HistoryRecord[] {
    const time = ({ createdAt }: HistoryRecord) => milliseconds(createdAt) ?? 0;
    return [...this.#records.values()].sort((a, b) => time(a) - time(b));
  }

  async add(record: HistoryRecord, updates: readonly Update[]): Promise<void> {
    if (!REF.test(record.ref)) return;
    this.#records.set(record.ref, record);
    const told = updates.map((update) => frame(encode(StatusResponse, update)));
    await this.#write(record.ref, Buffer.concat([frame(encode(BuildHistoryRecord, record)), ...told]));
    const old = this.list().filter(({ pinned }) => !pinned);
    for (const { ref } of old.slice(0, Math.max(0, old.length - MAX_RECORDS))) await this.remove(ref);
  }

  /** What a build told; undefined: there is no such build. */
  updates(ref: string): Message<typeof StatusResponse>[] | undefined {
    if (!this.#records.has(ref)) return undefined;
    const [, ...told] = this.#read(ref) ?? [];
    return told.map((bytes) => decode(StatusResponse, bytes));
  }

  async pin(ref: string, pinned: boolean): Promise<boolean> {
    const record = this.#records.get(ref);
    if (!record) return false;
    const changed = { ...record, pinned };
    const [, ...told] = this.#read(ref) ?? [];
    this.#records.set(ref, changed);
    await this.#write(ref, Buffer.concat([frame(encode(BuildHistoryRecord, changed)), ...told.map(frame)]));
    return true;
  }

  async remove(ref: string): Promise<boolean> {
    if (!this.#records.delete(ref)) return false;
    await rm(join(this.#folder, ref), { force: true });
    return true;
  }

  *#read(ref: string): Generator<Buffer, void, undefined> {
    const path = join(this.#folder, ref);
    if (!existsSync(path)) return;
    try {
      yield* new FrameReader().push(readFileSync(path));
    } catch (error) {
      this.#log.warn('a record of a build cannot be read', { path, error });
    }
  }

  async #write(ref: string, bytes: Uint8Array): Promise<void> {
    const path = join(this.#folder, ref);
    await writeFile(`${path}.new`, bytes, { mode: 0o600 });
    await rename(`${path}.new`, path);
    failpoint('builder.history.written');
  }
}

const REF = /^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/;
