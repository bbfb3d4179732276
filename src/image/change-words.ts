import { invalid } from '#errdefs';

type Lookup = (name: string) => string | undefined;

/** The words of a JSON array of strings; undefined when the text is none, whatever it begins with. */
export function jsonWords(text: string): string[] | undefined {
  if (!text.startsWith('[')) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) && value.every((word) => typeof word === 'string') ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Words between white space; quotes and escapes keep white space in a word and stay in it. */
export function splitWords(text: string): string[] {
  return text.match(/(?:\\.|'[^']*'?|"(?:\\.|[^"\\])*"?|[^\s\\'"]|\\$)+/gs) ?? [];
}

/** `a=b c="d e"`, or the old form `name the rest is its value`; still with quotes and variables. */
export function nameValues(instruction: string, text: string): [name: string, value: string][] {
  const words = splitWords(text);
  if (!words[0]!.includes('=')) {
    const [, name = '', value] = /^(\S+)\s+(.*)$/s.exec(text) ?? [];
    if (value === undefined) throw invalid(`${instruction} must have two arguments`);
    return [[name, value]];
  }
  return words.map((word) => {
    const at = word.indexOf('=');
    if (at < 0) {
      throw invalid(`Syntax error - can't find = in ${JSON.stringify(word)}. Must be of the form: name=value`);
    }
    return [word.slice(0, at), word.slice(at + 1)];
  });
}

/** A word without its quotes and with its variables: `$v`, `${v}`, `${v:-w}`, `${v-w}`, `${v:+w}`, `${v+w}`. */
export function expand(word: string, lookup: Lookup): string {
  return new Expansion(word, lookup).run();
}

class Expansion {
  readonly #word: string;
  readonly #lookup: Lookup;
  #at = 0;

  constructor(word: string, lookup: Lookup) {
    this.#word = word;
    this.#lookup = lookup;
  }

  run(): string {
    let result = '';
    while (this.#at < this.#word.length) {
      const char = this.#word[this.#at]!;
      if (char === "'") result += this.#single();
      else if (char === '"') result += this.#double();
      else if (char === '$') result += this.#variable();
      else result += this.#plain();
    }
    return result;
  }

  #plain(): string {
    if (this.#word[this.#at] === '\\') {
      this.#at++;
      if (this.#at >= this.#word.length) return '\\';
    }
    return this.#word[this.#at++]!;
  }

  #single(): string {
    const end = this.#word.indexOf("'", this.#at + 1);
    if (end < 0) throw this.#failure('unexpected end of statement while looking for matching single-quote');
    const text = this.#word.slice(this.#at + 1, end);
    this.#at = end + 1;
    return text;
  }

  #double(): string {
    this.#at++;
    let result = '';
    for (;;) {
      const char = this.#word[this.#at];
      if (char === undefined) {
        throw this.#failure('unexpected end of statement while looking for matching double-quote');
      }
      if (char === '"') break;
      if (char === '$') result += this.#variable();
      else if (char === '\\' && !'"$\\'.includes(this.#word[this.#at + 1] ?? ' ')) {
        result += char;
        this.#at++;
      } else result += this.#plain();
    }
    this.#at++;
    return result;
  }

  #variable(): string {
    const rest = this.#word.slice(this.#at + 1);
    if (rest.startsWith('{')) return this.#braced(rest);
    const name = /^(?:[A-Za-z_][A-Za-z0-9_]*|[@*#?$!0-9-])/.exec(rest)?.[0];
    this.#at += 1 + (name?.length ?? 0);
    return name === undefined ? '$' : (this.#lookup(name) ?? '');
  }

  #braced(rest: string): string {
    const match = /^\{([A-Za-z_][A-Za-z0-9_]*)(?:(:?[-+])([^}]*))?\}/.exec(rest);
    if (!match)
      throw this.#failure(rest.includes('}') ? 'unsupported modifier in substitution' : 'syntax error: missing }');
    this.#at += 1 + match[0].length;
    const [, name, operator, word = ''] = match;
    const value = this.#lookup(name!);
    const isSet = value !== undefined && !(operator?.startsWith(':') && value === '');
    if (operator?.endsWith('-') && !isSet) return expand(word, this.#lookup);
    if (operator?.endsWith('+')) return isSet ? expand(word, this.#lookup) : '';
    return value ?? '';
  }

  #failure(reason: string) {
    return invalid(`failed to process ${JSON.stringify(this.#word)}: ${reason}`);
  }
}
