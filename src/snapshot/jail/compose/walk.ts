import type { BigIntStats } from 'node:fs';
import type { Trail } from '#dockerfile/ignore';
import type { Excluded } from './excluded.ts';
import { lstatAt, namesIn } from './resolve.ts';
import type { Selected } from './select.ts';

/** A file or folder that is taken. */
export interface Entry {
  readonly path: string;
  /** Its path below what was selected; '' is that itself. */
  readonly below: string;
  readonly stats: BigIntStats;
}

interface Waiting extends Entry {
  readonly name: string;
  readonly trail: Trail | undefined;
}

/** What was selected and everything in it, folders before what is in them; excluded folders only where something in them is taken. */
export function* walk({ path, name }: Selected, excluded: Excluded): Generator<Entry> {
  const stats = lstatAt(path);
  if (!stats) return;
  const top = excluded.judge(name, undefined, stats.isDirectory());
  if (name !== '' && (stats.isDirectory() ? top.skip : top.leavesOut)) return;
  yield { path, below: '', stats };
  if (!stats.isDirectory()) return;
  // Folders that are excluded wait for something in them that is not.
  const walkFolder = function* (folder: Waiting, pending: readonly Entry[]): Generator<Entry> {
    let owed = pending;
    for (const base of namesIn(folder.path)) {
      const child = `${folder.path}/${base}`;
      const at = lstatAt(child);
      if (!at || at.isSocket()) continue;
      const childName = folder.name === '' ? base : `${folder.name}/${base}`;
      const judged = excluded.judge(childName, folder.trail, at.isDirectory());
      if (judged.skip || (judged.leavesOut && !at.isDirectory())) continue;
      const below = folder.below === '' ? base : `${folder.below}/${base}`;
      const entry: Waiting = { path: child, below, stats: at, name: childName, trail: judged.trail };
      if (judged.leavesOut) {
        let told = false;
        for (const found of walkFolder(entry, [...owed, entry])) {
          told = true;
          yield found;
        }
        if (told) owed = [];
        continue;
      }
      yield* owed;
      owed = [];
      yield entry;
      if (at.isDirectory()) yield* walkFolder(entry, []);
    }
  };
  yield* walkFolder({ path, below: '', stats, name, trail: name === '' ? undefined : top.trail }, []);
}
