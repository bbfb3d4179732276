import { createHash } from 'node:crypto';
import type { Progress } from '#api';
import type { Dockerfile, Lines } from '#dockerfile';
import type { Digest } from '#oci';
import type { BuildEvents, Status, Vertex, Warning } from '../events.ts';

/** A line of the Dockerfile as the classic builder counts steps. */
interface Entry {
  readonly text: string;
  readonly lines: Lines;
  readonly isRun: boolean;
  readonly isFrom: boolean;
  /** The steps that the instruction became, when it became any: a FROM has those of triggers. */
  readonly vertices: Digest[];
}

/** What happens to a step, kept until its turn. */
interface Course {
  readonly news: Progress[];
  isDone: boolean;
  isCached: boolean;
  /** It was told that it runs. */
  isRunning: boolean;
}

/**
 * Tells a build as the classic builder does: instruction after instruction in the order of the Dockerfile, whatever the
 * order in which their steps are done. What happens to a later step waits.
 */
export class Transcript implements BuildEvents {
  readonly #tell: (line: Progress) => void;
  readonly #entries: Entry[];
  readonly #courses = new Map<Digest, Course>();
  readonly #byLine = new Map<number, Entry>();
  readonly #pulls = new Set<Digest>();
  /** What stands for no line of the file. */
  readonly #asides = new Set<Digest>();
  #at = -1;
  #id = '';

  constructor(dockerfile: Dockerfile, asked: Asked, tell: (line: Progress) => void) {
    this.#tell = tell;
    this.#entries = entriesOf(dockerfile, asked);
    for (const entry of this.#entries) this.#byLine.set(entry.lines.first, entry);
  }

  vertex({ digest, name, line, step }: Vertex): void {
    if (this.#courses.has(digest)) return;
    this.#courses.set(digest, { news: [], isDone: step === 0, isCached: false, isRunning: false });
    if (step === 0) {
      this.#asides.add(digest);
      if (name.startsWith('[internal] load metadata')) this.#pulls.add(digest);
      return;
    }
    this.#byLine.get(line)?.vertices.push(digest);
  }

  started(digest: Digest): void {
    if (this.#asides.has(digest)) return;
    if (this.#at < 0) this.#advance();
    // What the cache has is done at once.
    setImmediate(() => this.#running(digest));
  }

  completed(digest: Digest, { cached }: { cached: boolean }): void {
    const course = this.#courses.get(digest);
    if (!course || this.#asides.has(digest)) return;
    course.isCached = cached;
    if (!cached) this.#running(digest);
    course.isDone = true;
    this.#advance();
  }

  failed(): void {}

  status(digest: Digest, { id, current, total }: Status): void {
    if (this.#pulls.has(digest)) this.#tell({ status: 'Downloading', progressDetail: { current, total }, id });
  }

  log(digest: Digest, stream: 'stdout' | 'stderr', chunk: Uint8Array): void {
    const text = Buffer.from(chunk).toString();
    this.#running(digest);
    // Docker: errors are red.
    this.#news(digest, { stream: stream === 'stderr' ? `\u001b[91m${text}\u001b[0m` : text });
  }

  warning(_digest: Digest | undefined, _warning: Warning): void {}

  /** All is done: the lines that are left, up to the id of the image. */
  finish(id: Digest): void {
    for (const course of this.#courses.values()) course.isDone = true;
    this.#advance(short(id));
  }

  #running(digest: Digest): void {
    const course = this.#courses.get(digest);
    if (!course || course.isDone || course.isRunning) return;
    course.isRunning = true;
    this.#advance();
    const entry = this.#entries.find(({ vertices }) => vertices.includes(digest));
    if (entry?.isRun) this.#news(digest, { stream: ` ---> Running in ${short(digest)}\n` });
  }

  #news(digest: Digest, line: Progress): void {
    const course = this.#courses.get(digest);
    if (!course) return;
    const current = this.#entries[this.#at];
    if (current && current.vertices.find((one) => !this.#courses.get(one)?.isDone) === digest) this.#tell(line);
    else course.news.push(line);
  }

  /** Goes on as far as everything before is done. */
  #advance(last?: string): void {
    if (this.#at < 0) this.#begin(0);
    while (this.#at < this.#entries.length) {
      const entry = this.#entries[this.#at]!;
      for (const digest of entry.vertices) {
        const course = this.#courses.get(digest)!;
        for (const line of course.news.splice(0)) this.#tell(line);
        if (!course.isDone) return;
      }
      const next = this.#nextOf(entry);
      if (next && !next.isDone && !next.isRunning) return;
      // The last one has the image's own id, which is not known before.
      if (this.#at === this.#entries.length - 1 && last === undefined) return;
      this.#conclude(entry, last);
      this.#begin(this.#at + 1);
    }
  }

  /** Whether an instruction that is no step was there before is told by the step that comes next in its stage. */
  #nextOf(entry: Entry): Course | undefined {
    if (entry.isFrom || entry.vertices.length > 0) return undefined;
    for (const later of this.#entries.slice(this.#at + 1)) {
      if (later.isFrom) return undefined;
      if (later.vertices[0]) return this.#courses.get(later.vertices[0]);
    }
    return undefined;
  }

  #begin(at: number): void {
    this.#at = at;
    const entry = this.#entries[at];
    if (!entry) return;
    this.#tell({ stream: `Step ${at + 1}/${this.#entries.length} : ${entry.text}` });
    this.#tell({ stream: '\n' });
  }

  #conclude(entry: Entry, last: string | undefined): void {
    const { text, vertices, isRun } = entry;
    const next = this.#nextOf(entry);
    const courses = next ? [next] : vertices.map((digest) => this.#courses.get(digest)!);
    this.#id = `sha256:${createHash('sha256').update(`${this.#id} ${text} ${vertices.join()}`).digest('hex')}`;
    if (courses.length > 0 && courses.every(({ isCached }) => isCached)) this.#tell({ stream: ' ---> Using cache\n' });
    else if (isRun && vertices[0]) {
      this.#tell({ stream: ` ---> Removed intermediate container ${short(vertices[0])}\n` });
    }
    const isLast = this.#at === this.#entries.length - 1;
    this.#tell({ stream: ` ---> ${isLast && last ? last : short(this.#id)}\n` });
  }
}

const short = (digest: string): string => digest.replace(/^sha256:/, '').slice(0, 12);

/** The last stage of this name or number; -1: none. */
export function stageOf(stages: Dockerfile['stages'], target: string): number {
  return stages.findLastIndex((stage, i) => stage.name === target.toLowerCase() || String(i) === target);
}

interface Asked {
  readonly target: string;
  readonly labels: Readonly<Record<string, string>>;
}

function entriesOf({ globalArgs, stages }: Dockerfile, { target, labels }: Asked): Entry[] {
  const named = stageOf(stages, target);
  const needed = target !== '' && named >= 0 ? stages.slice(0, named + 1) : stages;
  const nodes = [...globalArgs, ...needed.flatMap((stage) => [stage, ...stage.instructions])];
  const entries = nodes.map(({ code, keyword, lines }): Entry => {
    const text = `${keyword.toUpperCase()}${code.slice(keyword.length)}`;
    const name = keyword.toUpperCase();
    return { text, lines, isRun: name === 'RUN', isFrom: name === 'FROM', vertices: [] };
  });
  // Docker: what the caller labels is one more step.
  const given = Object.keys(labels)
    .sort()
    .map((name) => `${name}=${labels[name]}`);
  if (given.length === 0) return entries;
  return [
    ...entries,
    { text: `LABEL ${given.join(' ')}`, lines: { first: 0, last: 0 }, isRun: false, isFrom: false, vertices: [] },
  ];
}
