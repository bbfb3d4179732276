import { invalid } from '#errdefs';

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3600_000, d: 24 * 3600_000 };
const SIZES: Readonly<Record<string, number>> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };

/** A part of a document of settings; it remembers what it was asked for, so that the rest can be named. */
export class Section {
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #path: string;
  readonly #asked = new Set<string>();
  readonly #parts = new Map<string, Section>();

  constructor(values: unknown, path = '') {
    if (typeof values !== 'object' || values === null || Array.isArray(values)) {
      throw invalid(`registry: ${path || 'the configuration'} must be an object`);
    }
    this.#values = values as Readonly<Record<string, unknown>>;
    this.#path = path;
  }

  has(key: string): boolean {
    return Object.hasOwn(this.#values, key) && this.#values[key] !== null;
  }

  section(key: string): Section {
    const known = this.#parts.get(key);
    if (known) return known;
    const value = this.#value(key) ?? {};
    // `auth: htpasswd`, without any setting of it.
    const part = new Section(typeof value === 'string' ? { [value]: {} } : value, this.#name(key));
    this.#parts.set(key, part);
    return part;
  }

  list(key: string): Section[] {
    const value = this.#value(key) ?? [];
    if (!Array.isArray(value)) throw this.#not(key, 'a list');
    return value.map((each, at) => {
      const part = new Section(each, `${this.#name(key)}[${at}]`);
      this.#parts.set(`${key}[${at}]`, part);
      return part;
    });
  }

  text(key: string): string | undefined {
    const value = this.#value(key);
    if (value === undefined || typeof value === 'string') return value;
    if (typeof value === 'number') return String(value);
    throw this.#not(key, 'a text');
  }

  texts(key: string): string[] {
    const value = this.#value(key) ?? [];
    if (Array.isArray(value) && value.every((each) => typeof each === 'string')) return value;
    throw this.#not(key, 'a list of texts');
  }

  map(key: string): Record<string, string> {
    const value = this.#value(key) ?? {};
    if (typeof value !== 'object' || Array.isArray(value)) throw this.#not(key, 'an object of texts');
    return Object.fromEntries(Object.entries(value as object).map(([name, of]) => [name, String(of)]));
  }

  yes(key: string, otherwise = false): boolean {
    const value = this.#value(key) ?? otherwise;
    if (typeof value === 'boolean') return value;
    if (value === 'true' || value === 'false') return value === 'true';
    throw this.#not(key, 'true or false');
  }

  /** Milliseconds of Go's durations, such as `1h30m`, and of days; a bare number is seconds. */
  duration(key: string): number | undefined {
    const value = this.#value(key);
    if (value === undefined) return undefined;
    if (typeof value === 'number' || /^\d+$/.test(String(value))) return Number(value) * 1000;
    const text = String(value);
    if (!/^(?:\d+(?:\.\d+)?(?:ms|[smhd]))+$/.test(text)) throw this.#not(key, 'a duration such as 1h30m');
    return [...text.matchAll(/([\d.]+)(ms|[smhd])/g)].reduce((sum, [, n, unit]) => sum + Number(n) * UNITS[unit!]!, 0);
  }

  /** Bytes: `10g`, `512MiB`, a number. */
  size(key: string): number | undefined {
    const value = this.#value(key);
    if (value === undefined) return undefined;
    const match = /^(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?$/i.exec(String(value));
    if (!match) throw this.#not(key, 'a size such as 10g');
    return Math.floor(Number(match[1]) * SIZES[match[2]!.toLowerCase()]!);
  }

  /** Keys that are known and mean nothing here. */
  ignore(...keys: string[]): void {
    for (const key of keys) this.#asked.add(key);
  }

  /** The names of all keys that nobody asked for, here and below. */
  unknown(): string[] {
    const own = Object.keys(this.#values).filter((key) => !this.#asked.has(key));
    return [...own.map((key) => this.#name(key)), ...[...this.#parts.values()].flatMap((part) => part.unknown())];
  }

  #value(key: string): unknown {
    this.#asked.add(key);
    return this.has(key) ? this.#values[key] : undefined;
  }

  #name(key: string): string {
    return this.#path === '' ? key : `${this.#path}.${key}`;
  }

  #not(key: string, what: string) {
    return invalid(`registry: "${this.#name(key)}" must be ${what}, not ${JSON.stringify(this.#values[key])}`);
  }
}
