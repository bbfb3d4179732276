import { refuse } from './dockerfile-error.ts';

/** What `--chmod` asks for: a mode, or changes to the mode that a file has. */
export type FileMode =
  | { readonly kind: 'octal'; readonly mode: number }
  | { readonly kind: 'symbolic'; readonly text: string; readonly changes: readonly ModeChange[] };

/** One action such as the `+x` of `u+x`: whose bits, what to do, and the letters behind it. */
export interface ModeChange {
  readonly who: number;
  readonly operator: '+' | '-' | '=';
  readonly permissions: string;
}

const [ALL, SET_UID, SET_GID, STICKY] = [0o777, 0o4000, 0o2000, 0o1000];
const WHO: Readonly<Record<string, number>> = { u: SET_UID | 0o700, g: SET_GID | 0o070, o: 0o007, a: 0o6777 };
const BITS: Readonly<Record<string, number>> = { r: 0o444, w: 0o222, x: 0o111, s: SET_UID | SET_GID, t: STICKY };
const SHIFTS: Readonly<Record<string, number>> = { u: 6, g: 3, o: 0 };

/** Reads the value of `--chmod`; BuildKit's messages. */
export function parseFileMode(text: string): FileMode {
  if (/^\d/.test(text)) {
    const mode = /^[0-7]+$/.test(text) ? Number.parseInt(text, 8) : Number.NaN;
    if (mode <= 0o7777) return { kind: 'octal', mode };
    refuse(`invalid chmod parameter: '${text}'. it should be octal string and between 0 and 07777`);
  }
  return { kind: 'symbolic', text, changes: text.split(',').flatMap(clause) };
}

function clause(text: string): ModeChange[] {
  const [, who, actions] = /^([ugoa]*)((?:[+\-=][rwxXstugo]*)+)$/.exec(text) ?? [];
  if (who === undefined || text.length > 1000) return refuse('invalid syntax');
  const mask = [...who].reduce((bits, letter) => bits | WHO[letter]!, 0);
  return [...actions!.matchAll(/([+\-=])([^+\-=]*)/g)].map(([, operator, permissions]) => ({
    who: mask,
    operator: operator as ModeChange['operator'],
    permissions: permissions!,
  }));
}

/** The permission bits of a file after a `--chmod`. */
export function applyFileMode(wanted: FileMode, before: number, isDirectory: boolean): number {
  if (wanted.kind === 'octal') return wanted.mode;
  return wanted.changes.reduce((mode, change) => applyChange(change, mode, { before, isDirectory }), before & 0o7777);
}

function applyChange(
  { who, operator, permissions }: ModeChange,
  mode: number,
  original: { before: number; isDirectory: boolean },
): number {
  const hasSticky = permissions.includes('t') && (who === 0 || (who & ~0o007) !== 0);
  const mask = (who === 0 ? SET_UID | SET_GID | ALL : who) | (hasSticky ? STICKY : 0);
  const bits = [...permissions].reduce((all, letter) => all | bitsOf(letter, operator, mode, original), 0) & mask;
  if (operator === '+') return mode | bits;
  return operator === '-' ? mode & ~bits : (mode & ~mask) | bits;
}

function bitsOf(
  letter: string,
  operator: string,
  mode: number,
  { before, isDirectory }: { before: number; isDirectory: boolean },
): number {
  if (letter === 'X') return operator === '-' || isDirectory || (before & 0o111) !== 0 ? 0o111 : 0;
  const shift = SHIFTS[letter];
  return shift === undefined ? BITS[letter]! : ((mode >> shift) & 7) * 0o111;
}
