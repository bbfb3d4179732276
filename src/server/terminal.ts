import { parseDetachKeys } from '#api';
import { invalid } from '#errdefs';
import type { Query } from './query.ts';
import { quote } from './query.ts';

/** The size of a terminal; h and w must be given. */
export function terminalSize(query: Query): { height: number; width: number } {
  return { height: side(query, 'h', 'height'), width: side(query, 'w', 'width') };
}

function side(query: Query, name: string, what: string): number {
  const text = query.string(name);
  const value = Number(text);
  const reason = !/^-?\d+$/.test(text) ? 'invalid syntax' : value >= 0 && value < 2 ** 32 ? '' : 'value out of range';
  if (reason) throw invalid(`invalid resize ${what} ${quote(text)}: ${reason}`);
  return value;
}

/** The detach sequence that the client wants; undefined for the daemon's. */
export const detachKeys = (query: Query): Uint8Array | undefined => parseDetachKeys(query.string('detachKeys'));
