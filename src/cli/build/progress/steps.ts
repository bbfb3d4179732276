import type { StatusResponse } from '#buildkit';
import { milliseconds } from '#buildkit';
import type { Message } from '#protobuf';

/** One transfer or the like within a step. */
export interface Part {
  readonly name: string;
  readonly current: number;
  readonly total: number;
  readonly started: number | undefined;
  readonly completed: number | undefined;
}

export interface LogLine {
  readonly at: number;
  readonly text: string;
}

/** One step of a build as it stands now; times in ms since the epoch. */
export interface Step {
  /** From 1, in the order in which steps began. */
  readonly index: number;
  readonly name: string;
  started: number | undefined;
  completed: number | undefined;
  cached: boolean;
  error: string;
  readonly parts: Map<string, Part>;
  readonly log: LogLine[];
}

export interface Warning {
  readonly short: string;
  readonly detail: readonly string[];
  readonly url: string;
  readonly file: string;
  readonly source: string;
  readonly line: number | undefined;
}

type Status = Message<typeof StatusResponse>;

/** Follows the messages of a build: which steps there are, and which of them changed. */
export class Steps {
  readonly byDigest = new Map<string, Step>();
  readonly warnings: Warning[] = [];
  readonly #known = new Set<string>();
  readonly #torn = new Map<string, string>();

  /** How many steps the build has, as far as is known, and how many are done. */
  get counts(): { total: number; done: number } {
    const done = [...this.byDigest.values()].filter(({ completed }) => completed !== undefined).length;
    return { total: this.#known.size, done };
  }

  /** Takes a message over; answers with the steps that it concerns, each once. */
  take(status: Status): Step[] {
    const touched = new Set<Step>();
    for (const vertex of status.vertexes) {
      const step = this.#takeVertex(vertex);
      if (step) touched.add(step);
    }
    for (const told of status.statuses) {
      const step = this.byDigest.get(told.vertex);
      if (!step) continue;
      step.parts.set(told.id, {
        ...{ name: told.id, current: told.current, total: told.total },
        ...{ started: milliseconds(told.started), completed: milliseconds(told.completed) },
      });
      touched.add(step);
    }
    for (const { vertex, msg, timestamp } of status.logs) {
      const step = this.byDigest.get(vertex);
      if (!step) continue;
      this.#takeLog(vertex, step, Buffer.from(msg).toString(), milliseconds(timestamp) ?? Date.now());
      touched.add(step);
    }
    for (const warning of status.warnings) this.#takeWarning(warning);
    return [...touched];
  }

  #takeVertex(vertex: Status['vertexes'][number]): Step | undefined {
    this.#known.add(vertex.digest);
    const started = milliseconds(vertex.started);
    let step = this.byDigest.get(vertex.digest);
    if (!step && started === undefined) return undefined;
    step ??= this.#begin(vertex.digest, vertex.name);
    // A step that several want may run more than once: from its first begin to its last end.
    step.started = step.started === undefined ? started : Math.min(step.started, started ?? step.started);
    step.completed = milliseconds(vertex.completed);
    step.cached = vertex.cached;
    step.error = vertex.error;
    return step;
  }

  #begin(digest: string, name: string): Step {
    const step: Step = {
      ...{ index: this.byDigest.size + 1, name: name.replaceAll('\n', ' '), started: undefined, completed: undefined },
      ...{ cached: false, error: '', parts: new Map(), log: [] },
    };
    this.byDigest.set(digest, step);
    return step;
  }

  #takeLog(digest: string, step: Step, text: string, at: number): void {
    const lines = ((this.#torn.get(digest) ?? '') + text).split('\n');
    this.#torn.set(digest, lines.pop()!);
    for (const line of lines) step.log.push({ at, text: line.replace(/\r$/, '') });
  }

  #takeWarning({ short, detail, url, info, ranges }: Status['warnings'][number]): void {
    this.warnings.push({
      ...{ short: Buffer.from(short).toString(), detail: detail.map((line) => Buffer.from(line).toString()), url },
      ...{ file: info?.filename ?? '', source: Buffer.from(info?.data ?? '').toString(), line: ranges[0]?.start?.line },
    });
  }
}

/** Seconds with so many digits, as steps are told. */
export const seconds = (ms: number, digits = 1): string => (Math.max(0, ms) / 1000).toFixed(digits);
