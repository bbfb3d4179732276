import { humanSize } from '../../format/size.ts';
import type { Part, Step } from './steps.ts';
import { seconds } from './steps.ts';

const EVERY_MS = 5_000;
/** What is done sooner is told once. */
const FIRST_MS = 1_000;

interface Told {
  lines: number;
  readonly parts: Map<string, number>;
  done: boolean;
}

/** Tells the steps of a build line by line: `#3 [1/2] RUN …`, its output, `#3 DONE 0.1s`. */
export class PlainProgress {
  readonly #write: (text: string) => void;
  readonly #told = new Map<Step, Told>();
  #last: Step | undefined;

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  update(steps: readonly Step[]): void {
    for (const step of steps) this.#tell(step);
  }

  end(): void {
    this.#last = undefined;
  }

  #tell(step: Step): void {
    const isNew = !this.#told.has(step);
    const told = this.#told.get(step) ?? { lines: 0, parts: new Map(), done: false };
    const lines = [...partLines(step, told), ...logLines(step, told)];
    const end = told.done ? '' : endOf(step);
    if (!isNew && lines.length === 0 && end === '') return;
    this.#told.set(step, told);
    this.#turnTo(step);
    for (const line of lines) this.#write(`#${step.index} ${line}\n`);
    if (end === '') return;
    told.done = true;
    this.#write(`#${step.index} ${end}\n`);
  }

  #turnTo(step: Step): void {
    const last = this.#last;
    if (last === step) return;
    if (last && !this.#told.get(last)?.done) this.#write(`#${last.index} ...\n`);
    if (last) this.#write('\n');
    this.#write(`#${step.index} ${step.name}\n`);
    this.#last = step;
  }
}

function* partLines(step: Step, { parts }: Told): Generator<string> {
  for (const [id, part] of step.parts) {
    const last = parts.get(id) ?? Date.now() - EVERY_MS + FIRST_MS;
    parts.set(id, last);
    if (last === Number.POSITIVE_INFINITY) continue;
    if (part.completed === undefined && Date.now() - last < EVERY_MS) continue;
    parts.set(id, part.completed === undefined ? Date.now() : Number.POSITIVE_INFINITY);
    yield partText(part);
  }
}

function* logLines(step: Step, told: Told): Generator<string> {
  for (const { at, text } of step.log.slice(told.lines)) {
    told.lines++;
    yield `${seconds(at - (step.started ?? at), 3)} ${text}`;
  }
}

/** `transferring context: 12.3kB / 2MB 0.1s done`. */
export function partText({ name, current, total, started, completed }: Part): string {
  const of = total > 0 ? ` / ${humanSize(total, 4)}` : '';
  const amount = total > 0 || current > 0 ? ` ${humanSize(current, 4)}${of}` : '';
  const ms = started === undefined ? 0 : (completed ?? Date.now()) - started;
  return `${name}${amount}${ms >= 50 ? ` ${seconds(ms)}s` : ''}${completed === undefined ? '' : ' done'}`;
}

function endOf({ started, completed, cached, error }: Step): string {
  if (error !== '') return error.endsWith('context canceled') ? 'CANCELED' : `ERROR: ${error}`;
  if (completed === undefined) return '';
  return cached ? 'CACHED' : `DONE ${seconds(completed - (started ?? completed))}s`;
}
