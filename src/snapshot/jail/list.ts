import { writeSync } from 'node:fs';
import type { Trees } from './changes.ts';
import { walkChanges } from './changes.ts';
import type { TaskResult } from './task.ts';

const STDOUT = 1;
const BATCH = 64 * 1024;
const NUL = Buffer.alloc(1);

/** Writes the changes to standard output: the digit of the kind, the path from the root, NUL. */
export function listChanges(trees: Trees): TaskResult {
  let entries = 0;
  let batch: Buffer[] = [];
  let length = 0;
  const flush = () => {
    const bytes = Buffer.concat(batch);
    for (let done = 0; done < bytes.length; ) done += writeSync(STDOUT, bytes, done);
    [batch, length] = [[], 0];
  };
  for (const { kind, path } of walkChanges(trees, 'listing')) {
    entries++;
    batch.push(Buffer.from(`${kind}/`), path, NUL);
    length += path.length + 3;
    if (length >= BATCH) flush();
  }
  flush();
  return { size: 0, entries };
}
