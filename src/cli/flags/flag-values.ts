/** The values of a command's flags by name; reading a flag of another kind than asked for is a bug and throws. */
export class FlagValues {
  readonly #values = new Map<string, unknown>();
  readonly #changed = new Set<string>();

  set(name: string, value: unknown, changed: boolean): void {
    this.#values.set(name, value);
    if (changed) this.#changed.add(name);
  }

  /** Whether the flag was given. */
  changed(name: string): boolean {
    return this.#changed.has(name);
  }

  get(name: string): unknown {
    return this.#values.get(name);
  }

  bool(name: string): boolean {
    return this.#values.get(name) === true;
  }

  text(name: string): string {
    const value = this.#values.get(name);
    if (typeof value !== 'string') throw new TypeError(`flag --${name} is no string`);
    return value;
  }

  number(name: string): number {
    const value = this.#values.get(name);
    if (typeof value !== 'number') throw new TypeError(`flag --${name} is no number`);
    return value;
  }

  list(name: string): string[] {
    const value = this.#values.get(name);
    if (!Array.isArray(value)) throw new TypeError(`flag --${name} is no list`);
    return value;
  }

  map(name: string): Record<string, string> {
    return this.#values.get(name) as Record<string, string>;
  }

  filters(name = 'filter'): Record<string, string[]> {
    return this.#values.get(name) as Record<string, string[]>;
  }
}
