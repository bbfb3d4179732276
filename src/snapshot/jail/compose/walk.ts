import type { Excluded, Judged } from './excluded.ts';
import type { Selected } from './select.ts';
import type { Facts, Tree } from './tree.ts';

/** A file or folder that is taken. */
export interface Entry<S extends Facts = Facts> {
  readonly path: string;
  /** Its path below what was selected; '' is that itself. */
  readonly below: string;
  readonly stats: S;
}

interface Waiting<S extends Facts> extends Entry<S> {
  readonly name: string;
  readonly copied: string;
  readonly trail: Judged;
}

/** What was selected and everything in it, folders before what is in them; excluded folders only where something in them is taken. */
export function* walk<S extends Facts>(
  tree: Tree<S>,
  { path, name, kept }: Selected,
  excluded: Excluded,
): Generator<Entry<S>> {
  const stats = tree.facts(path);
  if (!stats) return;
  const top = excluded.judge({ name, copied: kept }, undefined, stats.isDirectory());
  if (name !== '' && (stats.isDirectory() ? top.skip : top.leavesOut)) return;
  yield { path, below: '', stats };
  if (!stats.isDirectory()) return;
  // Folders that are excluded wait for something in them that is not.
  const walkFolder = function* (folder: Waiting<S>, pending: readonly Entry<S>[]): Generator<Entry<S>> {
    let owed = pending;
    for (const base of tree.names(folder.path)) {
      const child = `${folder.path}/${base}`;
      const at = tree.facts(child);
      if (!at || at.isSocket()) continue;
      const childName = folder.name === '' ? base : `${folder.name}/${base}`;
      const copied = folder.copied === '' ? base : `${folder.copied}/${base}`;
      const judged = excluded.judge({ name: childName, copied }, folder.trail, at.isDirectory());
      if (judged.skip || (judged.leavesOut && !at.isDirectory())) continue;
      const below = folder.below === '' ? base : `${folder.below}/${base}`;
      const entry: Waiting<S> = { path: child, below, stats: at, name: childName, copied, trail: judged };
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
  yield* walkFolder({ path, below: '', stats, name, copied: kept, trail: top }, []);
}
