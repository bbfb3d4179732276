import type { Escape } from '../ast.ts';
import { DockerfileError } from '../dockerfile-error.ts';
import type { LexOptions } from '../expand/lex.ts';
import { expandWord } from '../expand/lex.ts';
import type { Lookup } from '../expand/lookup.ts';

/** Numbers the steps of a stage for progress: `[build 2/5] `. */
export class StepTitles {
  readonly #stage: string;
  readonly #total: number;
  readonly #platform: () => string;
  #count = 0;

  /** `platform` is asked at each step; what it says is shown in a build for several. */
  constructor(stage: string, total: number, platform = () => '') {
    this.#stage = stage;
    this.#total = total;
    this.#platform = platform;
  }

  next(text: string, isOnBuild = false): string {
    this.#count++;
    const digits = String(this.#total).length;
    const head = [this.#platform(), this.#stage].map((part) => (part === '' ? '' : `${part} `)).join('');
    const number = String(this.#count).padStart(digits);
    return `[${head}${number}/${this.#total}] ${isOnBuild ? 'ONBUILD ' : ''}${text}`;
  }
}

/** An instruction as a title has it: its name in capitals, its variables expanded where that is possible. */
export function titleText(code: string, lookup: Lookup, options: LexOptions & { escape: Escape }): string {
  let text = code;
  try {
    text = expandWord(code, lookup, options).text;
  } catch (error) {
    if (!(error instanceof DockerfileError)) throw error;
  }
  const [, name = '', rest = ''] = /^([^ ]*)(.*)$/s.exec(text)!;
  return name.toUpperCase() + rest;
}
