// Go's idea of white space, which is neither JavaScript's nor ASCII's.

const SPACE = '\\t\\n\\v\\f\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';
const IS_SPACE = new RegExp(`^[${SPACE}]`);
const LEADING = new RegExp(`^[${SPACE}]+`);

export function isSpace(char: string): boolean {
  return IS_SPACE.test(char);
}

export function trimStart(text: string): string {
  return text.replace(LEADING, '');
}

export function trim(text: string): string {
  let end = text.length;
  while (end > 0 && isSpace(text[end - 1]!)) end--;
  return trimStart(text.slice(0, end));
}

/** What separates the words of a Dockerfile line: not the line feed. */
export const WORD_GAP = /[\t\v\f\r ]+/;

/** A text up to the first gap, and what follows the gap; undefined when there is none. */
export function cutAtGap(text: string): [head: string, rest: string | undefined] {
  const gap = WORD_GAP.exec(text);
  return gap ? [text.slice(0, gap.index), text.slice(gap.index + gap[0].length)] : [text, undefined];
}
