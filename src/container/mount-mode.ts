/** The words that may follow a bind (`src:dst:ro,rslave`), by the kind of which only one may be given. */
const KINDS: readonly (readonly string[])[] = [
  ['rw', 'ro'],
  ['z', 'Z'],
  ['private', 'rprivate', 'slave', 'rslave', 'shared', 'rshared'],
  ['nocopy'],
  ['consistent', 'cached', 'delegated', 'default'],
];

export const PROPAGATIONS: ReadonlySet<string> = new Set(KINDS[2]);

/** Whether this is a list of known words with at most one of each kind; an empty mode is one. */
export function isMountMode(mode: string): boolean {
  if (mode === '') return true;
  const seen = new Set<number>();
  return mode.split(',').every((word) => {
    const kind = KINDS.findIndex((words) => words.includes(word));
    if (kind < 0 || seen.has(kind)) return false;
    seen.add(kind);
    return true;
  });
}

/** What the words of a valid mode say. */
export function readMode(mode: string): { rw: boolean; propagation: string; noCopy: boolean } {
  const words = mode.split(',');
  return {
    rw: !words.includes('ro'),
    propagation: words.find((word) => PROPAGATIONS.has(word)) ?? '',
    noCopy: words.includes('nocopy'),
  };
}
