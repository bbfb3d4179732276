import { SESSION_HEADERS } from '#buildkit';
import { invalid } from '#errdefs';
import type { SessionFacts } from './session.ts';

const MAX_METHODS = 200;

/** Reads what a client says of its session; `values` gives the values of a head's name, as they came. */
export function sessionFacts(values: (name: string) => readonly string[]): SessionFacts {
  const all = (name: string) => values(name).flatMap((value) => value.split(',').map((part) => part.trim()));
  const id = values(SESSION_HEADERS.id)[0] ?? '';
  if (!/^[\x21-\x7e]{1,200}$/.test(id)) throw invalid('a session must have an id');
  return {
    id,
    sharedKey: (values(SESSION_HEADERS.sharedKey)[0] ?? '').slice(0, 1000),
    methods: new Set(
      all(SESSION_HEADERS.method)
        .slice(0, MAX_METHODS)
        .map((path) => path.toLowerCase()),
    ),
  };
}
