import { terminalSize } from '../../output/terminal.ts';
import { partText } from './plain.ts';
import type { Step, Steps } from './steps.ts';
import { seconds } from './steps.ts';

const LOG_LINES = 6;
const REDRAW_MS = 100;
const RED = 31;
const BLUE = 34;

/** Draws the steps of a build over one another: what runs, with the end of its output, and what is done. */
export class TtyProgress {
  readonly #write: (text: string) => void;
  readonly #steps: Steps;
  readonly #began = Date.now();
  readonly #timer: NodeJS.Timeout;
  #drawn = 0;

  constructor(write: (text: string) => void, steps: Steps) {
    this.#write = write;
    this.#steps = steps;
    this.#timer = setInterval(() => this.#draw(false), REDRAW_MS);
  }

  update(): void {
    // Drawn by the clock.
  }

  end(): void {
    clearInterval(this.#timer);
    this.#draw(true);
  }

  #draw(isEnd: boolean): void {
    const { h, w } = terminalSize();
    const width = Math.max(20, w || 80);
    const { done, total } = this.#steps.counts;
    const head = `[+] Building ${seconds(Date.now() - this.#began)}s (${done}/${total})${isEnd ? ' FINISHED' : ''}`;
    const body = [...this.#steps.byDigest.values()].flatMap((step) => linesOf(step, width, isEnd));
    // What does not fit is left out above: the newest is what one looks at.
    const room = isEnd ? body.length : Math.max(4, (h || 24) - 3);
    const lines = [head.slice(0, width), ...body.slice(Math.max(0, body.length - room))];
    const up = this.#drawn > 0 ? `\x1b[${this.#drawn}A` : '';
    this.#write(`\x1b[?25l${up}\x1b[J${lines.join('\n')}\n${isEnd ? '\x1b[?25h' : ''}`);
    this.#drawn = lines.length;
  }
}

function linesOf(step: Step, width: number, isEnd: boolean): string[] {
  const { started, completed } = step;
  const time = `${seconds((completed ?? Date.now()) - (started ?? Date.now()))}s`;
  const head = line(` => ${markOf(step)}${step.name}`, time, width);
  const colour = step.error !== '' ? RED : completed !== undefined ? BLUE : 0;
  const lines = [colour ? `\x1b[${colour}m${head}\x1b[0m` : head];
  for (const part of step.parts.values()) lines.push(line(` => => ${partText(part)}`, '', width));
  if (completed !== undefined || isEnd) return lines;
  for (const { text } of step.log.slice(-LOG_LINES)) lines.push(line(` => => # ${text}`, '', width));
  return lines;
}

function markOf({ error, cached }: Step): string {
  if (error === '') return cached ? 'CACHED ' : '';
  return error.endsWith('context canceled') ? 'CANCELED ' : 'ERROR ';
}

/** A line of the terminal's width; the output of a build must not move the cursor. */
function line(left: string, right: string, width: number): string {
  const room = Math.max(1, width - right.length - 1);
  return `${left
    .replaceAll(/\p{Cc}/gu, ' ')
    .slice(0, room)
    .padEnd(room)} ${right}`;
}
