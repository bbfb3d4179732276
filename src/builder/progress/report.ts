import type { BuildEvents, SourceExcerpt, Status, Vertex, Warning } from '#build';
import { timestamp } from '#buildkit';
import type { Digest } from '#oci';
import type { Feed } from './feed.ts';

/** BuildKit's limit on what one step may say. */
const MAX_LOG = 2 * 1024 * 1024;
const CLIPPED = Buffer.from('\n[output clipped, log limit 2MiB reached]\n');

interface Told {
  readonly vertex: Vertex;
  started: number | undefined;
  completed: number | undefined;
  cached: boolean;
  error: string;
  logged: number;
}

/** How many steps a build has, and what became of them. */
export interface Steps {
  readonly total: number;
  readonly cached: number;
  readonly completed: number;
  readonly warnings: number;
}

/** Tells a build's events as BuildKit's clients read them. */
export class Report implements BuildEvents {
  readonly #feed: Feed;
  readonly #vertices = new Map<Digest, Told>();
  #warnings = 0;

  constructor(feed: Feed) {
    this.#feed = feed;
  }

  vertex(vertex: Vertex): void {
    const told = this.#vertices.get(vertex.digest);
    const blank = { started: undefined, completed: undefined, cached: false, error: '', logged: 0 };
    this.#vertices.set(vertex.digest, { ...blank, ...told, vertex });
    this.#tell(vertex.digest);
  }

  started(digest: Digest): void {
    this.#change(digest, (told) => {
      told.started ??= Date.now();
      told.completed = undefined;
    });
  }

  completed(digest: Digest, { cached }: { readonly cached: boolean }): void {
    this.#change(digest, (told) => {
      told.cached = cached;
      told.completed = performance.timeOrigin + performance.now();
      told.started ??= told.completed;
    });
  }

  failed(digest: Digest, error: Error): void {
    this.#change(digest, (told) => {
      told.error = error.message;
      told.completed = Date.now();
      told.started ??= told.completed;
    });
  }

  status(digest: Digest, { id, name, current, total, started, completed }: Status): void {
    const times = {
      timestamp: timestamp(Date.now()),
      started: timestamp(started.getTime()),
      completed: completed && timestamp(completed.getTime()),
    };
    this.#feed.push({ statuses: [{ id, vertex: digest, name, current, total, ...times }] });
  }

  log(digest: Digest, stream: 'stdout' | 'stderr', chunk: Uint8Array): void {
    const told = this.#vertices.get(digest);
    if (!told || told.logged > MAX_LOG) return;
    told.logged += chunk.length;
    const about = { vertex: digest, timestamp: timestamp(Date.now()), stream: stream === 'stdout' ? 1 : 2 };
    this.#feed.push({ logs: [{ ...about, msg: Buffer.from(chunk) }] });
    if (told.logged > MAX_LOG) this.#feed.push({ logs: [{ ...about, msg: CLIPPED }] });
  }

  warning(digest: Digest | undefined, { level, short, detail, url, source }: Warning): void {
    this.#warnings++;
    const about = { level, short: Buffer.from(short), detail: detail.map((line) => Buffer.from(line)), url };
    const vertex = digest ?? this.#vertices.keys().next().value ?? '';
    this.#feed.push({ warnings: [{ vertex, ...about, ...(source ? placeOf(source) : {}) }] });
  }

  get steps(): Steps {
    const all = [...this.#vertices.values()];
    return {
      total: all.length,
      cached: all.filter(({ cached }) => cached).length,
      completed: all.filter(({ completed, error }) => completed !== undefined && error === '').length,
      warnings: this.#warnings,
    };
  }

  /** The step of this name, if there is one. */
  find(name: string): Digest | undefined {
    for (const [digest, { vertex }] of this.#vertices) if (vertex.name === name) return digest;
    return undefined;
  }

  #change(digest: Digest, change: (told: Told) => void): void {
    const told = this.#vertices.get(digest);
    if (!told) return;
    change(told);
    this.#tell(digest);
  }

  #tell(digest: Digest): void {
    const { vertex, started, completed, cached, error } = this.#vertices.get(digest)!;
    const { name, inputs } = vertex;
    const times = { started: at(started), completed: at(completed) };
    this.#feed.push({ vertexes: [{ digest, name, inputs: [...inputs], cached, error, ...times }] });
  }
}

const at = (ms: number | undefined) => (ms === undefined ? undefined : timestamp(ms));

/** Where in which file, for messages. */
export function placeOf({ filename, data, ranges }: SourceExcerpt) {
  return {
    info: { filename, data: Buffer.from(data), language: 'Dockerfile' },
    ranges: ranges.map(({ start, end }) => ({ start, end })),
  };
}
