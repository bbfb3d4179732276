import { goQuote } from '#template/quote';
import type { Escape } from '../ast.ts';
import { DockerfileError, refuse } from '../dockerfile-error.ts';
import { checkLength, LIMITS } from './limits.ts';
import type { Lookup } from './lookup.ts';
import { replace, trimPrefix, trimSuffix } from './shell-pattern.ts';
import { WordSplitter } from './word-splitter.ts';

/** How a word is read. Nothing set: quotes and escapes are taken away, unset variables are empty. */
export interface LexOptions {
  readonly escape?: Escape;
  /** Quotes stay in the result. */
  readonly rawQuotes?: boolean;
  /** Escapes stay in the result. */
  readonly rawEscapes?: boolean;
  /** Quotes mean nothing. */
  readonly ignoreQuotes?: boolean;
  /** An unset variable stays as it is written. */
  readonly keepUnset?: boolean;
}

export interface Expansion {
  readonly text: string;
  /** The result split at white space that was not quoted. */
  readonly words: readonly string[];
  /** Names of variables that were used: set ones and unset ones. */
  readonly matched: ReadonlySet<string>;
  readonly unmatched: ReadonlySet<string>;
}

/** Expands a word as BuildKit's shell lexer does; throws Docker's text, which quotes the word. */
export function expandWord(word: string, lookup: Lookup, options: LexOptions = {}): Expansion {
  return new Lex(word, lookup, options).run();
}

const SPECIAL = '@*#?-$!0';

class Lex {
  readonly #text: string;
  readonly #lookup: Lookup;
  readonly #options: LexOptions;
  readonly #escape: Escape;
  readonly #matched = new Set<string>();
  readonly #unmatched = new Set<string>();
  readonly #splitter = new WordSplitter();
  #rawEscapes: boolean;
  #at = 0;
  #depth = 0;

  constructor(text: string, lookup: Lookup, options: LexOptions) {
    this.#text = text.replace(/^\uFEFF/, '');
    this.#lookup = lookup;
    this.#options = options;
    this.#escape = options.escape ?? '\\';
    this.#rawEscapes = options.rawEscapes ?? false;
  }

  run(): Expansion {
    try {
      const { text, words } = this.#until(undefined, this.#rawEscapes);
      return { text, words, matched: this.#matched, unmatched: this.#unmatched };
    } catch (error) {
      if (!(error instanceof DockerfileError)) throw error;
      throw new DockerfileError(`failed to process ${goQuote(this.#text)}: ${error.message}`, error.locations);
    }
  }

  /** Reads to a character that ends a substitution, or to the end. */
  #until(stop: string | undefined, rawEscapes: boolean): { text: string; words: string[] } {
    if (++this.#depth > LIMITS.depth) refuse('substitutions are nested too deeply');
    const before = this.#rawEscapes;
    this.#rawEscapes = rawEscapes;
    const words = this.#splitter.begin();
    let text = '';
    try {
      while (this.#at < this.#text.length) {
        const char = this.#text[this.#at]!;
        if (char === stop) {
          this.#at++;
          return { text, words: words.end() };
        }
        const special = this.#special(char);
        if (special === undefined) text += this.#plain(words);
        else {
          text += special;
          if (char === '$') words.add(special);
          else words.addRaw(special);
        }
        checkLength(text.length);
      }
      if (stop !== undefined) refuse(`unexpected end of statement while looking for matching ${stop}`);
      return { text, words: words.end() };
    } finally {
      this.#rawEscapes = before;
      this.#depth--;
    }
  }

  #special(char: string): string | undefined {
    if (char === '$') return this.#dollar();
    if (char === '<') return this.#angle();
    if (this.#options.ignoreQuotes) return undefined;
    if (char === "'") return this.#single();
    return char === '"' ? this.#double() : undefined;
  }

  #plain(words: ReturnType<WordSplitter['begin']>): string {
    const char = this.#next()!;
    if (char !== this.#escape) {
      words.add(char);
      return char;
    }
    const kept = this.#rawEscapes ? char : '';
    words.addRaw(kept);
    const following = this.#next() ?? '';
    words.addRaw(following);
    return kept + following;
  }

  #single(): string {
    const end = this.#text.indexOf("'", this.#at + 1);
    const quoted = end < 0 ? '' : this.#text.slice(this.#at, end + 1);
    this.#at = end < 0 ? this.#text.length : end + 1;
    if (end < 0) refuse('unexpected end of statement while looking for matching single-quote');
    return this.#options.rawQuotes ? quoted : quoted.slice(1, -1);
  }

  #double(): string {
    const quote = this.#options.rawQuotes ? '"' : '';
    let text = quote;
    this.#at++;
    for (;;) {
      const char = this.#text[this.#at];
      if (char === undefined) refuse('unexpected end of statement while looking for matching double-quote');
      if (char === '$') text += this.#dollar();
      else {
        const whole = this.#next()!;
        if (whole === '"') return text + quote;
        text += whole === this.#escape ? this.#escapeInQuotes() : whole;
      }
      checkLength(text.length);
    }
  }

  #escapeInQuotes(): string {
    const kept = this.#rawEscapes ? this.#escape : '';
    const following = this.#text[this.#at];
    if (following === undefined) return kept;
    if (following !== '"' && following !== '$' && following !== this.#escape) return kept + this.#escape;
    this.#at++;
    return kept + following;
  }

  /** `<<` keeps the white space behind it, so that a heredoc is one word. */
  #angle(): string {
    this.#at++;
    if (this.#text[this.#at] !== '<') return '<';
    const [space] = /^[\t\r ]*/.exec(this.#text.slice(this.#at + 1, this.#at + 4097))!;
    this.#at += 1 + space.length;
    return `<<${space}`;
  }

  #dollar(): string {
    this.#at++;
    if (this.#text[this.#at] !== '{') {
      const name = this.#name();
      if (name === '') return '$';
      const value = this.#get(name);
      return value ?? (this.#options.keepUnset ? `$${name}` : '');
    }
    this.#at++;
    const first = this.#text[this.#at];
    if (first === undefined) refuse("syntax error: missing '}'");
    if ('{}:'.includes(first)) refuse('syntax error: bad substitution');
    return this.#braced(this.#name());
  }

  #braced(name: string): string {
    const operator = this.#next();
    if (operator === '}') {
      const value = this.#get(name);
      return value ?? (this.#options.keepUnset ? `\${${name}}` : '');
    }
    if (operator === '/') return this.#replacement(name);
    if (operator === ':') {
      const second = this.#next();
      return this.#modified(name, second, true);
    }
    if (operator === undefined || !'+-?#%'.includes(operator)) return unsupported(operator ?? '\uFFFD');
    return this.#modified(name, operator, false);
  }

  #modified(name: string, operator: string | undefined, emptyIsUnset: boolean): string {
    const shown = `${emptyIsUnset ? ':' : ''}${operator ?? '\uFFFD'}`;
    const isTrim = operator === '#' || operator === '%';
    if (emptyIsUnset && isTrim) unsupported(shown);
    const word = this.#operand('}', isTrim, "syntax error: missing '}'");
    const value = this.#get(name);
    if (value === undefined && this.#options.keepUnset) return `\${${name}${shown}${word}}`;
    const isSet = value !== undefined && !(emptyIsUnset && value === '');
    if (operator === '-') return isSet ? value : word;
    if (operator === '+') return isSet ? word : '';
    if (operator === '?') return isSet ? value : missing(name, word, value === undefined);
    if (!isTrim) return unsupported(shown);
    const greedy = word.startsWith(operator);
    const trimmed = operator === '#' ? trimPrefix : trimSuffix;
    return trimmed(value ?? '', greedy ? word.slice(1) : word, greedy);
  }

  #replacement(name: string): string {
    const all = this.#text[this.#at] === '/';
    if (all) this.#at++;
    const pattern = this.#operand('/', true, "syntax error: missing '/' in ${}");
    const text = this.#operand('}', true, "syntax error: missing '}'");
    const value = this.#get(name);
    if (value === undefined && this.#options.keepUnset) return `\${${name}/${pattern}/${text}}`;
    return replace(value ?? '', pattern, { text, all });
  }

  #operand(stop: string, rawEscapes: boolean, atEnd: string): string {
    try {
      return this.#until(stop, rawEscapes).text;
    } catch (error) {
      if (error instanceof DockerfileError && this.#at >= this.#text.length) refuse(atEnd);
      throw error;
    }
  }

  #name(): string {
    const rest = this.#text.slice(this.#at, this.#at + 65536);
    const first = rest[0];
    const name =
      /^\p{Nd}+/u.exec(rest)?.[0] ??
      (first !== undefined && SPECIAL.includes(first) ? first : (/^[\p{L}\p{Nd}_]*/u.exec(rest)?.[0] ?? ''));
    this.#at += name.length;
    return name;
  }

  #next(): string | undefined {
    if (this.#at >= this.#text.length) return undefined;
    const char = String.fromCodePoint(this.#text.codePointAt(this.#at)!);
    this.#at += char.length;
    return char;
  }

  #get(name: string): string | undefined {
    const value = this.#lookup(name);
    (value === undefined ? this.#unmatched : this.#matched).add(name);
    return value;
  }
}

function unsupported(operator: string): never {
  return refuse(`unsupported modifier (${operator}) in substitution`);
}

function missing(name: string, word: string, isUnset: boolean): never {
  return refuse(`${name}: ${word || (isUnset ? 'is not allowed to be unset' : 'is not allowed to be empty')}`);
}
