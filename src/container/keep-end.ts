import { ZERO_TIME } from '#api';
import type { Context } from './context.ts';
import type { Container } from './record.ts';

/** Inside a transaction that is about to overwrite the last end: keeps it. A first life has none and costs nothing. */
export function keepEnd({ rows }: Pick<Context, 'rows'>, { id, finishedAt }: Container): void {
  if (finishedAt !== ZERO_TIME) rows.keepEnd(id);
}
