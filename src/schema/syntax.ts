/** Go's limit on nesting. */
const MAX_DEPTH = 10_000;
const ESCAPES = '"\\/bfnrt';

/** What Go says of a text that is not JSON. The text must have a fault; texts that `JSON.parse` takes give ''. */
export function syntaxError(text: string): string {
  return new Scanner(text).fault() ?? '';
}

class Scanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Walks one value without recursion (depth is the caller's input) and returns the first fault. */
  fault(): string | undefined {
    const open: ('{' | '[')[] = [];
    try {
      do this.#value(open);
      while (open.length > 0 && this.#next(open));
      return this.#blank() === undefined ? undefined : 'unexpected content after JSON';
    } catch (error) {
      if (error instanceof Fault) return error.message;
      throw error;
    }
  }

  /** One value; of a container that has content, all that opens before its first plain value. */
  #value(open: ('{' | '[')[]): void {
    for (;;) {
      const c = this.#blank();
      if (c !== '{' && c !== '[') {
        this.#scalar(c);
        return;
      }
      if (open.length >= MAX_DEPTH) throw new Fault('exceeded max depth');
      this.#at++;
      if (this.#blank() === (c === '{' ? '}' : ']')) {
        this.#at++;
        return;
      }
      open.push(c);
      if (c === '{') this.#key();
    }
  }

  #scalar(c: string | undefined): void {
    if (c === '"') this.#string();
    else if (c === '-' || isDigit(c)) this.#number();
    else if (c === 't' || c === 'f' || c === 'n') this.#literal({ t: 'true', f: 'false', n: 'null' }[c]);
    else throw this.#unexpected('looking for beginning of value');
  }

  /** What follows a value in a container. False when the outermost one is closed. */
  #next(open: ('{' | '[')[]): boolean {
    for (;;) {
      const inside = open.at(-1);
      if (inside === undefined) return false;
      const c = this.#blank();
      if (c === ',') {
        this.#at++;
        if (inside === '{') this.#key();
        return true;
      }
      if (c !== (inside === '{' ? '}' : ']')) {
        throw this.#unexpected(inside === '{' ? 'after object key:value pair' : 'after array element');
      }
      this.#at++;
      open.pop();
    }
  }

  #key(): void {
    if (this.#blank() !== '"') throw this.#unexpected('looking for beginning of object key string');
    this.#string();
    if (this.#blank() !== ':') throw this.#unexpected('after object key');
    this.#at++;
  }

  #string(): void {
    this.#at++;
    for (;;) {
      const c = this.#text[this.#at];
      if (c === undefined) throw new Fault('unexpected EOF');
      if (c < ' ') throw this.#unexpected('in string');
      if (c === '\\') this.#escape();
      else this.#at++;
      if (c === '"') return;
    }
  }

  #escape(): void {
    const c = this.#text[this.#at + 1];
    if (c === undefined) throw new Fault('unexpected EOF');
    if (ESCAPES.includes(c)) {
      this.#at += 2;
      return;
    }
    const whole = c === 'u' ? this.#text.slice(this.#at, this.#at + 6) : this.#text.slice(this.#at, this.#at + 2);
    if (c !== 'u' || (whole.length === 6 && !/^\\u[0-9a-fA-F]{4}$/.test(whole))) {
      throw new Fault(`invalid escape sequence \`${whole}\` in string`);
    }
    if (whole.length < 6) throw new Fault('unexpected EOF');
    this.#at += 6;
  }

  #number(): void {
    if (this.#text[this.#at] === '-') this.#at++;
    if (this.#text[this.#at] === '0') this.#at++;
    else this.#digits();
    if (this.#text[this.#at] === '.') {
      this.#at++;
      this.#digits();
    }
    if (this.#text[this.#at] === 'e' || this.#text[this.#at] === 'E') {
      this.#at++;
      if (this.#text[this.#at] === '+' || this.#text[this.#at] === '-') this.#at++;
      this.#digits();
    }
  }

  #digits(): void {
    if (!isDigit(this.#text[this.#at])) throw this.#unexpected('in numeric literal');
    while (isDigit(this.#text[this.#at])) this.#at++;
  }

  #literal(word: string): void {
    for (const letter of word) {
      if (this.#text[this.#at] !== letter) throw this.#unexpected(`in literal ${word} (expecting ${quote(letter)})`);
      this.#at++;
    }
  }

  /** Skips white space and returns the character there. */
  #blank(): string | undefined {
    while (' \t\r\n'.includes(this.#text[this.#at] ?? 'x')) this.#at++;
    return this.#text[this.#at];
  }

  #unexpected(where: string): Fault {
    const point = this.#text.codePointAt(this.#at);
    if (point === undefined) return new Fault('unexpected EOF');
    return new Fault(`invalid character ${quote(String.fromCodePoint(point))} ${where}`);
  }
}

class Fault extends Error {}

const isDigit = (c: string | undefined) => c !== undefined && c >= '0' && c <= '9';

/** A character as Go's %q prints it. */
function quote(c: string): string {
  if (c === "'" || c === '\\') return `'\\${c}'`;
  const code = c.codePointAt(0)!;
  const named: Record<number, string> = { 7: 'a', 8: 'b', 9: 't', 10: 'n', 11: 'v', 12: 'f', 13: 'r' };
  if (named[code]) return `'\\${named[code]}'`;
  if (code < 0x20 || code === 0x7f) return `'\\x${code.toString(16).padStart(2, '0')}'`;
  // U+FFFD stands for a byte that is not UTF-8; which one is lost by then.
  if (code === 0xfeff) return "'\\ufeff'";
  return `'${c}'`;
}
