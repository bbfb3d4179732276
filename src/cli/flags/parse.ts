import { goQuote } from '#template/quote';
import type { Flag } from '../command.ts';
import { FlagValues } from './flag-values.ts';
import { initialValue, readBool, readFlag } from './read-flag.ts';

/** Wrong use of flags; the message is pflag's. */
export class FlagError extends Error {}

/** The flags' values and what is left of the words. */
export interface ParsedWords {
  values: FlagValues;
  operands: string[];
  /** `--help` was met (or `-h` where nothing else has that letter). */
  help: boolean;
  /** It was `-h`, which Docker answers with a deprecation notice. */
  shortHelp: boolean;
  /** What to say of deprecated flags that were used. */
  notices: string[];
}

/** Parses words as pflag does; `stopAtOperand` ends flags at the first operand. Throws FlagError. */
export function parseFlags(flags: readonly Flag[], words: readonly string[], stopAtOperand = false): ParsedWords {
  return new Parser(flags, words, stopAtOperand).parse();
}

class Parser {
  readonly #flags: readonly Flag[];
  readonly #words: readonly string[];
  readonly #stopAtOperand: boolean;
  readonly #result: ParsedWords = {
    values: new FlagValues(),
    operands: [],
    help: false,
    shortHelp: false,
    notices: [],
  };
  #at = 0;

  constructor(flags: readonly Flag[], words: readonly string[], stopAtOperand: boolean) {
    this.#flags = flags;
    this.#words = words;
    this.#stopAtOperand = stopAtOperand;
  }

  parse(): ParsedWords {
    const { values, operands } = this.#result;
    for (const flag of this.#flags) if (!flag.alias) values.set(flag.name, initialValue(flag), false);
    while (this.#at < this.#words.length && !this.#result.help) {
      const word = this.#words[this.#at++] as string;
      if (word === '--') {
        operands.push(...this.#words.slice(this.#at));
        break;
      }
      if (word.startsWith('--')) this.#long(word.slice(2));
      else if (word.startsWith('-') && word.length > 1) this.#short(word.slice(1));
      else {
        operands.push(word);
        if (!this.#stopAtOperand) continue;
        operands.push(...this.#words.slice(this.#at));
        break;
      }
    }
    return this.#result;
  }

  #long(body: string): void {
    if (/^[-=]/.test(body)) throw new FlagError(`bad flag syntax: --${body}`);
    const at = body.indexOf('=');
    const name = at < 0 ? body : body.slice(0, at);
    const flag = this.#flags.find((known) => known.name === name);
    if (!flag && name === 'help') {
      this.#result.help = at < 0 || readBool(body.slice(at + 1));
      return;
    }
    if (!flag) throw new FlagError(`unknown flag: --${name}`);
    if (at >= 0) this.#set(flag, body.slice(at + 1));
    else if (flag.kind === 'bool') this.#set(flag, 'true');
    else this.#set(flag, this.#argument(`--${name}`));
  }

  #short(letters: string): void {
    let rest = letters;
    while (rest) {
      const letter = rest[0] as string;
      const flag = this.#flags.find((known) => known.short === letter);
      if (!flag) {
        if (letter !== 'h')
          throw new FlagError(`unknown shorthand flag: ${goQuote(letter).replaceAll('"', "'")} in -${rest}`);
        this.#result.help = true;
        this.#result.shortHelp = true;
        return;
      }
      rest = rest.slice(1);
      if (rest.length > 1 && rest[0] === '=') {
        this.#set(flag, rest.slice(1));
        return;
      }
      if (flag.kind === 'bool') {
        this.#set(flag, 'true');
        continue;
      }
      this.#set(flag, rest || this.#argument(`'${letter}' in -${letter}`));
      return;
    }
  }

  #argument(asked: string): string {
    const word = this.#words[this.#at];
    if (word === undefined) throw new FlagError(`flag needs an argument: ${asked}`);
    this.#at += 1;
    return word;
  }

  #set(flag: Flag, text: string): void {
    if (flag.deprecated) this.#result.notices.push(`Flag --${flag.name} has been deprecated, ${flag.deprecated}`);
    const name = flag.alias ?? flag.name;
    const target = this.#flags.find((known) => known.name === name) as Flag;
    try {
      this.#result.values.set(name, readFlag(target, text, this.#result.values.get(name)), true);
    } catch (error) {
      const shown = flag.short ? `-${flag.short}, --${flag.name}` : `--${flag.name}`;
      throw new FlagError(`invalid argument ${goQuote(text)} for ${goQuote(shown)} flag: ${(error as Error).message}`);
    }
  }
}
