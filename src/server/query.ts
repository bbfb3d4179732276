import type { Filters } from '#api';
import { parseFilters } from '#api';
import { internal } from '#errdefs';

const FALSE = new Set(['', '0', 'no', 'false', 'none']);

/** The arguments of a request, from its URL and from a urlencoded body, read as Docker reads them. */
export class Query {
  readonly #values: URLSearchParams;

  constructor(text: string) {
    this.#values = new URLSearchParams(text);
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
    if (reason) throw internal(`strconv.Atoi: parsing ${JSON.stringify(text)}: ${reason}`);
    return value;
  }

  filters(): Filters {
    return parseFilters(this.string('filters'));
  }
}
