import type { Filters } from '#api';
import { parseFilters } from '#api';
import { internal, invalid } from '#errdefs';

const FALSE = new Set(['', '0', 'no', 'false', 'none']);

/** The arguments of a request, from its URL and from a urlencoded body, read as Docker reads them. */
export class Query {
  readonly #text: string;
  #parsed: URLSearchParams | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  /** Docker: broken arguments are found by the route that reads some. */
  get #values(): URLSearchParams {
    if (!this.#parsed) {
      const fault = queryFault(this.#text);
      if (fault !== undefined) throw invalid(fault);
      this.#parsed = new URLSearchParams(this.#text);
    }
    return this.#parsed;
  }

  /** Arguments of a form take precedence over those of the URL. */
  prepend(form: string): void {
    for (const [name, value] of new URLSearchParams(form)) {
      const others = this.#values.getAll(name);
      this.#values.delete(name);
      this.#values.append(name, value);
      for (const other of others) this.#values.append(name, other);
    }
  }

  /** The first value; '' when there is none. */
  string(name: string): string {
    return this.#values.get(name) ?? '';
  }

  strings(name: string): string[] {
    return this.#values.getAll(name);
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  /** Docker: whatever is not '', 0, no, false or none is true; `missing` when it is not given. */
  bool(name: string, missing = false): boolean {
    const value = this.#values.get(name);
    return value === null ? missing : !FALSE.has(value.trim().toLowerCase());
  }

  /** A whole number; undefined when it is '' or not given. Docker: anything else is an error 500. */
  int(name: string): number | undefined {
    const text = this.string(name);
    if (text === '') return undefined;
    const value = Number(text);
    const reason = !/^[+-]?\d+$/.test(text)
      ? 'invalid syntax'
      : Number.isSafeInteger(value)
        ? ''
        : 'value out of range';
    if (reason) throw internal(`strconv.Atoi: parsing ${quote(text)}: ${reason}`);
    return value;
  }

  filters(): Filters {
    return parseFilters(this.string('filters'));
  }
}

/** As Go quotes a text. */
export function quote(text: string): string {
  return JSON.stringify(text).replaceAll(/\\u00([01][0-9a-f])/g, '\\x$1');
}

/** What Go finds wrong with the arguments of a URL. */
function queryFault(text: string): string | undefined {
  if (text.includes(';')) return 'invalid semicolon separator in query';
  const broken = /%(?![0-9a-fA-F]{2}).{0,2}/.exec(text)?.[0];
  return broken === undefined ? undefined : `invalid URL escape ${quote(/^[^&=]*/.exec(broken)![0])}`;
}
