import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { EngineError } from '#errdefs';
import { Excluded } from './excluded.ts';
import { select } from './select.ts';
import type { ContentTree, Facts } from './tree.ts';
import { walk } from './walk.ts';
import type { ActionDigest, CopyAction } from './work.ts';

/** Text that waits for the hash, and files after which others have a turn. */
const PIECE = 2 ** 16;
const TURN = 2000;

/**
 * What a copy would take from a tree, as one digest: names, kinds, modes, owners, attributes, content; no times. Undefined
 * when a file would have to be opened that the tree cannot open.
 */
export async function digestOf(tree: ContentTree, action: CopyAction): Promise<ActionDigest | undefined> {
  const hash = createHash('sha256');
  const excluded = new Excluded(action);
  const archives: string[] = [];
  let size = 0;
  let text = '';
  let files = 0;
  try {
    for (const selected of select(tree, action)) {
      text += `\0\0${selected.kept}\0`;
      if (action.unpack && tree.facts(selected.path)?.isFile()) {
        const isArchive = await tree.isArchive(selected.path);
        if (isArchive === undefined) return undefined;
        if (isArchive) archives.push(selected.name);
      }
      const name = selected.name.slice(selected.name.lastIndexOf('/') + 1);
      for (const { path, below, stats } of walk(tree, selected, excluded)) {
        const top = below === '' && !stats.isDirectory() ? name : below;
        // Of a folder whose contents are copied only those count.
        const isBare = below === '' && stats.isDirectory() && !action.parents;
        text += isBare ? '\0\0' : `\0${top}\0${facts(stats, action)}\0${attributes(tree, path)}`;
        if (stats.isSymbolicLink()) text += tree.target(path);
        else if (stats.isFile()) {
          text += tree.content(path);
          size += Number(stats.size);
        }
        if (text.length > PIECE) {
          hash.update(text);
          text = '';
        }
        if (++files % TURN === 0) await nextTurn();
      }
    }
    return { digest: hash.update(text).digest('hex'), size, archives };
  } catch (error) {
    if (error instanceof EngineError) return { error: error.message };
    throw error;
  }
}

function facts(stats: Facts, { owner, mode }: CopyAction): string {
  const kind = Number(stats.mode) & constants.S_IFMT;
  const bits = stats.isSymbolicLink() ? 0 : Number(stats.mode) & 0o7777;
  const whose = owner ? '' : `${stats.uid}:${stats.gid}`;
  return `${kind} ${mode || bits} ${whose} ${stats.isFile() ? stats.size : stats.rdev}`;
}

/** A value may hold anything: its length goes before it. */
function attributes(tree: ContentTree, path: string): string {
  let text = '';
  for (const [name, value] of tree.xattrs(path)) text += `${name}\0${value.length}\0${value}`;
  return text;
}
