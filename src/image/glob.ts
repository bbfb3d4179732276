import { internal } from '#errdefs';

type Matcher = (char: string) => boolean;

/** Matchers of one character each; with a star before them they may begin further on, but not behind a slash. */
interface Chunk {
  readonly star: boolean;
  readonly matchers: readonly Matcher[];
}

/**
 * Go's path.Match: `*` and `?` stop at a slash, `[a-z]` and `[^a-z]` are classes, `\` escapes. A malformed pattern is
 * Docker's `syntax error in pattern` (which it answers with 500). Time: length of the pattern times length of the name.
 */
export function matchesGlob(pattern: string, name: string): boolean {
  const chunks = compile([...pattern]);
  const chars = [...name];
  let at = 0;
  for (const [index, chunk] of chunks.entries()) {
    const end = place(chunk, chars, at, index === chunks.length - 1);
    if (end === undefined) return false;
    at = end;
  }
  return at === chars.length;
}

/** Where the chunk ends when it is put at the first place that fits; the last chunk must reach the end of the name. */
function place({ star, matchers }: Chunk, chars: readonly string[], from: number, last: boolean): number | undefined {
  for (let at = from; ; at++) {
    const end = at + matchers.length;
    const fits = end <= chars.length && matchers.every((matcher, i) => matcher(chars[at + i]!));
    if (fits && (!star || !last || end === chars.length)) return end;
    if (!star || at >= chars.length || chars[at] === '/') return undefined;
  }
}

function compile(pattern: readonly string[]): Chunk[] {
  const chunks: { star: boolean; matchers: Matcher[] }[] = [{ star: false, matchers: [] }];
  for (let at = 0; at < pattern.length; ) {
    if (pattern[at] === '*') {
      // A run of stars is one star.
      if (chunks.at(-1)!.matchers.length > 0 || !chunks.at(-1)!.star) chunks.push({ star: true, matchers: [] });
      at++;
      continue;
    }
    const { matcher, end } = next(pattern, at);
    chunks.at(-1)!.matchers.push(matcher);
    at = end;
  }
  return chunks;
}

function next(pattern: readonly string[], at: number): { matcher: Matcher; end: number } {
  const char = pattern[at]!;
  if (char === '?') return { matcher: (c) => c !== '/', end: at + 1 };
  if (char === '[') return charClass(pattern, at + 1);
  if (char !== '\\') return { matcher: (c) => c === char, end: at + 1 };
  const escaped = pattern[at + 1];
  if (escaped === undefined) throw malformed();
  return { matcher: (c) => c === escaped, end: at + 2 };
}

function charClass(pattern: readonly string[], start: number): { matcher: Matcher; end: number } {
  const negated = pattern[start] === '^';
  let at = negated ? start + 1 : start;
  const ranges: [low: string, high: string][] = [];
  const one = (): string => {
    if (pattern[at] === '-' || pattern[at] === ']') throw malformed();
    if (pattern[at] === '\\') at++;
    // A class must be closed, so something follows its last character.
    if (at + 1 >= pattern.length) throw malformed();
    return pattern[at++]!;
  };
  while (ranges.length === 0 || pattern[at] !== ']') {
    const low = one();
    const isRange = pattern[at] === '-';
    if (isRange) at++;
    ranges.push([low, isRange ? one() : low]);
  }
  const matcher = (c: string) => ranges.some(([low, high]) => low <= c && c <= high) !== negated;
  return { matcher, end: at + 1 };
}

const malformed = () => internal('syntax error in pattern');
