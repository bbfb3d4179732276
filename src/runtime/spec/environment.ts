export const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export interface EnvironmentRequest {
  readonly hostname: string;
  readonly tty: boolean;
  readonly home: string;
  readonly links?: readonly string[];
  /** `NAME=value`, or `NAME` alone, which unsets a default. */
  readonly env: readonly string[];
}

/** The process's environment in Docker's order: PATH, HOSTNAME, TERM, links, then the user's; HOME last if not given. */
export function environment({ hostname, tty, home, links = [], env }: EnvironmentRequest): string[] {
  const defaults = [`PATH=${DEFAULT_PATH}`, `HOSTNAME=${hostname}`, ...(tty ? ['TERM=xterm'] : []), ...links];
  const merged = mergeEnvironment(defaults, env).filter((entry) => entry !== 'HOME=');
  return merged.some((entry) => entry.startsWith('HOME=')) ? merged : [...merged, `HOME=${home}`];
}

/** Replaces entries by name, in their place, and appends the rest; a name without `=` removes the entry. */
export function mergeEnvironment(defaults: readonly string[], overrides: readonly string[]): string[] {
  const merged: (string | undefined)[] = [...defaults];
  const places = new Map(defaults.map((entry, place) => [nameOf(entry), place]));
  for (const entry of overrides) {
    const name = nameOf(entry);
    const place = places.get(name);
    if (!entry.includes('=')) {
      if (place !== undefined) merged[place] = undefined;
    } else if (place === undefined) {
      places.set(name, merged.push(entry) - 1);
    } else {
      merged[place] = entry;
    }
  }
  return merged.filter((entry) => entry !== undefined && entry !== '') as string[];
}

const nameOf = (entry: string) => entry.split('=', 1)[0] ?? '';
