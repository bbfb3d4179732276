import { invalid, notFound } from '#errdefs';
import type { NetworkRow, NetworkStore } from './store.ts';

/** The row a user means; throws Docker's errors for none and for several. */
export function findNetwork({ rows }: { rows: NetworkStore }, name: string): NetworkRow {
  const all = rows.networks();
  const exact = all.find((row) => row.id === name) ?? all.find((row) => row.name === name);
  if (exact) return exact;
  const partial = name === '' ? [] : all.filter((row) => row.id.startsWith(name));
  if (partial.length > 1)
    throw invalid(`network ${name} is ambiguous (${partial.length} matches found based on ID prefix)`);
  if (!partial[0]) throw notFound(`network ${name} not found`);
  return partial[0];
}
