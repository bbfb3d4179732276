import { refuse } from '../dockerfile-error.ts';
import { checkLength, LIMITS } from './limits.ts';

/** One piece of a pattern: a star, any one character, or that character. */
type Piece = '*' | '?' | { readonly char: string };

/** The piece that a backslash and the next character mean. */
function escaped(next: string | undefined, pattern: string): Piece {
  if (next !== undefined && '*?\\/}'.includes(next)) return { char: next };
  const shown = next === undefined ? '\uFFFD' : next;
  return refuse(`invalid pattern (${pattern}) in substitution: invalid escape '\\${shown}'`);
}

function compile(pattern: string): Piece[] {
  const chars = [...pattern];
  const pieces: Piece[] = [];
  for (let i = 0; i < chars.length; i++) {
    const char = chars[i]!;
    if (char === '\\') pieces.push(escaped(chars[++i], pattern));
    else if (char === '*' || char === '?') pieces.push(char);
    else pieces.push({ char });
  }
  return pieces;
}

/** Steps left for the matching of one substitution: the work is at most pieces × characters × places to begin. */
interface Budget {
  steps: number;
}

/** Ends of the shortest and the longest match that begins at `from`; all states of the pattern are followed at once. */
function matchAt(pieces: readonly Piece[], chars: readonly string[], from: number, budget: Budget) {
  let states = closure(pieces, new Set([0]));
  let [shortest, longest]: [number | undefined, number | undefined] = [undefined, undefined];
  for (let at = from; ; at++) {
    if (states.has(pieces.length)) {
      shortest ??= at;
      longest = at;
    }
    if (at >= chars.length || states.size === 0) break;
    budget.steps -= states.size;
    if (budget.steps < 0) refuse('the pattern of a substitution takes too long to match');
    states = closure(pieces, after(pieces, states, chars[at]!));
  }
  return { shortest, longest };
}

/** As Go's `.`, a wildcard takes no line feed. */
function after(pieces: readonly Piece[], states: ReadonlySet<number>, char: string): Set<number> {
  const next = new Set<number>();
  for (const state of states) {
    const piece = pieces[state];
    if (piece === undefined) continue;
    if (piece === '*' && char !== '\n') next.add(state);
    else if (piece === '?' && char !== '\n') next.add(state + 1);
    else if (typeof piece === 'object' && piece.char === char) next.add(state + 1);
  }
  return next;
}

/** A star may match nothing. */
function closure(pieces: readonly Piece[], states: Set<number>): Set<number> {
  for (const state of states) if (pieces[state] === '*') states.add(state + 1);
  return states;
}

/** `${v#p}`, `${v##p}`: the value without the shortest or longest match at its beginning. */
export function trimPrefix(value: string, pattern: string, greedy: boolean): string {
  const chars = [...value];
  const { shortest, longest } = matchAt(compile(pattern), chars, 0, { steps: LIMITS.matchSteps });
  const end = greedy ? longest : shortest;
  return end === undefined ? value : chars.slice(end).join('');
}

/** `${v%p}`, `${v%%p}`: the same at its end, by matching backwards. */
export function trimSuffix(value: string, pattern: string, greedy: boolean): string {
  const chars = [...value].reverse();
  const { shortest, longest } = matchAt(compile(pattern).reverse(), chars, 0, { steps: LIMITS.matchSteps });
  const end = greedy ? longest : shortest;
  return end === undefined ? value : chars.slice(end).reverse().join('');
}

/** `${v/p/r}`, `${v//p/r}`: the leftmost longest match replaced, or each one. */
export function replace(value: string, pattern: string, substitute: { text: string; all: boolean }): string {
  const pieces = compile(pattern);
  const chars = [...value];
  const budget = { steps: LIMITS.matchSteps };
  let result = '';
  let isAfterMatch = false;
  for (let at = 0; at <= chars.length; ) {
    const { longest } = matchAt(pieces, chars, at, budget);
    // An empty match right behind another one is none.
    if (longest === undefined || (longest === at && isAfterMatch)) {
      result += chars[at] ?? '';
      at++;
      isAfterMatch = false;
      continue;
    }
    result += substitute.text;
    checkLength(result.length);
    if (!substitute.all) return result + chars.slice(longest).join('');
    if (longest === at) {
      result += chars[at] ?? '';
      at++;
    } else {
      at = longest;
      isAfterMatch = true;
    }
  }
  return result;
}
