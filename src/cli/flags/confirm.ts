import { readSync } from 'node:fs';
import type { Session } from '../session.ts';
import { StatusError } from '../status-error.ts';

/** Asks a yes-or-no question; anything but y or Y ends the command. */
export function confirm(session: Session, question: string): void {
  session.out(`${question} [y/N] `);
  const bytes = Buffer.alloc(256);
  const answer = bytes.toString('utf8', 0, readSync(0, bytes)).trim();
  if (answer.toLowerCase() !== 'y') throw new StatusError('', 0);
}
