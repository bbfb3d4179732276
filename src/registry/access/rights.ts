import type { Action } from './gate.ts';

/** One grant. The first rule that fits an account and a repository decides. */
export interface Rule {
  /** An account, `*` for every one that logged in, `anonymous` for those that did not. */
  readonly account: string;
  /** A repository; a `*` stands for any characters, also slashes. */
  readonly repository: string;
  readonly actions: readonly Action[];
}

export const ANONYMOUS = 'anonymous';
const EVERYTHING: readonly Action[] = ['pull', 'push', 'delete'];
/** Whoever logged in may everything, nobody else anything. */
export const DEFAULT_RULES: readonly Rule[] = [{ account: '*', repository: '*', actions: EVERYTHING }];

/** Whether an account (undefined: nobody in particular) may do this with a repository. */
export function isGranted(
  rules: readonly Rule[],
  account: string | undefined,
  { repository, action }: { repository: string; action: Action },
): boolean {
  const rule = rules.find((each) => isMeant(each.account, account) && isMatch(each.repository, repository));
  return rule?.actions.includes(action) ?? false;
}

function isMeant(who: string, account: string | undefined): boolean {
  // An account that bears the name of nobody is none.
  if (account === undefined) return who === ANONYMOUS;
  return who === '*' || (who === account && who !== ANONYMOUS);
}

/** Linear in both lengths, whatever the pattern. */
export function isMatch(pattern: string, text: string): boolean {
  const parts = pattern.split('*');
  if (parts.length === 1) return pattern === text;
  const [first, last] = [parts[0]!, parts.at(-1)!];
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false;
  const end = text.length - last.length;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}
