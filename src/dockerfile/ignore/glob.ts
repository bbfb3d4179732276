import { refuse } from '../dockerfile-error.ts';

/** One step of a glob: a character, one of a class, any but a slash, or a run that may be empty. */
export type GlobStep =
  | { readonly kind: 'char'; readonly char: string }
  | {
      readonly kind: 'class';
      readonly negated: boolean;
      readonly ranges: readonly (readonly [low: number, high: number])[];
    }
  /** `?` and `*`: no slash. */
  | { readonly kind: 'any' | 'star' }
  /** `**` at the end: anything; `**` elsewhere: nothing, or anything that ends in a slash. */
  | { readonly kind: 'rest' | 'folders' };

const BAD_PATTERN = 'syntax error in pattern';
const LONGEST_PATTERN = 8192;

/** Reads a glob of Go's `filepath.Match`; with `**` as .dockerignore has it if asked for. */
export function compileGlob(pattern: string, withFolders = false): GlobStep[] {
  if (pattern.length > LONGEST_PATTERN) refuse(BAD_PATTERN);
  const chars = [...pattern];
  const steps: GlobStep[] = [];
  for (let at = 0; at < chars.length; ) {
    const char = chars[at]!;
    if (char === '[') {
      const { step, end } = characterClass(chars, at + 1);
      steps.push(step);
      at = end;
    } else if (char === '\\') {
      steps.push({ kind: 'char', char: chars[at + 1] ?? refuse(BAD_PATTERN) });
      at += 2;
    } else if (withFolders && char === '*' && chars[at + 1] === '*') {
      at += chars[at + 2] === '/' ? 3 : 2;
      steps.push({ kind: at >= chars.length ? 'rest' : 'folders' });
    } else {
      steps.push(char === '*' ? { kind: 'star' } : char === '?' ? { kind: 'any' } : { kind: 'char', char });
      at++;
    }
  }
  return steps;
}

function characterClass(chars: readonly string[], from: number): { step: GlobStep; end: number } {
  const ranges: [number, number][] = [];
  const negated = chars[from] === '^';
  let at = negated ? from + 1 : from;
  const member = () => {
    const escaped = chars[at] === '\\';
    const char = chars[escaped ? at + 1 : at];
    if (char === undefined || (!escaped && (char === '-' || char === ']'))) return refuse(BAD_PATTERN);
    at += escaped ? 2 : 1;
    return char.codePointAt(0)!;
  };
  while (ranges.length === 0 || chars[at] !== ']') {
    const low = member();
    let high = low;
    if (chars[at] === '-') {
      at++;
      high = member();
    }
    ranges.push([low, high]);
  }
  return { step: { kind: 'class', negated, ranges }, end: at + 1 };
}

/**
 * Whether a glob is the whole of a text; all its states are followed at once, so no pattern is slow. A state is twice the
 * number of the step that comes next, one more inside a run of folders that has begun.
 */
export function matchesGlob(steps: readonly GlobStep[], text: string): boolean {
  let states = settle(steps, new Set([0]), false);
  for (const char of text) {
    const next = new Set<number>();
    for (const state of states) {
      const follower = successor(steps[state >> 1], state, char);
      if (follower !== undefined) next.add(follower);
    }
    if (next.size === 0) return false;
    states = settle(steps, next, char === '/');
  }
  return states.has(2 * steps.length);
}

function successor(step: GlobStep | undefined, state: number, char: string): number | undefined {
  if (step === undefined) return undefined;
  if (step.kind === 'folders') return state | 1;
  if (step.kind === 'rest') return state;
  if (step.kind === 'star') return char === '/' ? undefined : state;
  return takes(step, char) ? state + 2 : undefined;
}

/** Whether a step that is one character is this one. */
export function takes(step: GlobStep, char: string): boolean {
  if (step.kind === 'char') return step.char === char;
  if (step.kind === 'any') return char !== '/';
  if (step.kind !== 'class') return false;
  const code = char.codePointAt(0)!;
  return step.ranges.some(([low, high]) => low <= code && code <= high) !== step.negated;
}

/** Adds the states behind runs that may end here: one of folders at its beginning or behind a slash. */
function settle(steps: readonly GlobStep[], states: Set<number>, isBehindSlash: boolean): Set<number> {
  for (const state of states) {
    const kind = steps[state >> 1]?.kind;
    const isInside = (state & 1) === 1;
    const ends = kind === 'star' || kind === 'rest' || (kind === 'folders' && (!isInside || isBehindSlash));
    if (ends) states.add((state | 1) + 1);
  }
  return states;
}

/** Go's `filepath.Match`: a pattern of wildcards that stop at slashes against a whole path. */
export function matchesPath(pattern: string, path: string): boolean {
  return matchesGlob(compileGlob(pattern), path);
}

/** Whether a source of COPY or ADD holds a wildcard, as BuildKit looks for one. */
export function hasWildcard(path: string): boolean {
  for (let at = 0; at < path.length; at++) {
    if (path[at] === '\\') at++;
    else if ('*?['.includes(path[at]!)) return true;
  }
  return false;
}
