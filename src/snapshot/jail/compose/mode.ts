import { invalid } from '#errdefs';

/** A change of permission bits, given those that are there. */
export type ModeChange = (mode: number, isDirectory: boolean) => number;

const WHO: Readonly<Record<string, number>> = { u: 0o4700, g: 0o2070, o: 0o1007, a: 0o7777 };

/** Reads a mode as chmod(1) does: octal, or clauses such as `u=rwX,go-w`. */
export function parseMode(text: string): ModeChange {
  if (/^0*[0-7]{1,4}$/.test(text)) {
    const mode = Number.parseInt(text, 8);
    return () => mode;
  }
  const clauses = text.split(',').map((clause) => {
    const parts = /^([ugoa]*)([=+-])([rwxXst]*|[ugo])$/.exec(clause);
    if (!parts) throw invalid(`invalid mode ${JSON.stringify(text)}`);
    return { who: parts[1] === '' ? 'a' : parts[1]!, operator: parts[2]!, what: parts[3]! };
  });
  return (mode, isDirectory) =>
    clauses.reduce((now, { who, operator, what }) => {
      const mask = [...who].reduce((sum, each) => sum | WHO[each]!, 0);
      const bits = bitsOf(what, now, isDirectory || (now & 0o111) !== 0) & mask;
      if (operator === '+') return now | bits;
      if (operator === '-') return now & ~bits;
      return (now & ~mask) | bits;
    }, mode & 0o7777);
}

function bitsOf(what: string, mode: number, mayExecute: boolean): number {
  if (what === 'u') return ((mode >> 6) & 7) * 0o111;
  if (what === 'g') return ((mode >> 3) & 7) * 0o111;
  if (what === 'o') return (mode & 7) * 0o111;
  let bits = 0;
  if (what.includes('r')) bits |= 0o444;
  if (what.includes('w')) bits |= 0o222;
  if (what.includes('x') || (what.includes('X') && mayExecute)) bits |= 0o111;
  if (what.includes('s')) bits |= 0o6000;
  if (what.includes('t')) bits |= 0o1000;
  return bits;
}
