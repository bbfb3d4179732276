import type { Session } from '../session.ts';
import { humanSize } from './size.ts';

export type Filters = Record<string, string[]>;

/** What of one kind was removed. */
export interface Pruned {
  readonly text: string;
  readonly bytes: number;
}

/** Says what was removed, and how much room that gives. */
export function printPruned(session: Pick<Session, 'out'>, removed: readonly Pruned[]): void {
  for (const { text } of removed) if (text !== '') session.out(`${text}\n`);
  const bytes = removed.reduce((sum, each) => sum + each.bytes, 0);
  session.out(`Total reclaimed space: ${humanSize(bytes)}\n`);
}

/** The names of what was removed under a title; nothing for none. */
export function listed(title: string, names: readonly string[] | null): string {
  return names?.length ? `${title}:\n${names.map((name) => `${name}\n`).join('')}` : '';
}
