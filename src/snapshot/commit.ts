import { mkdirSync, renameSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Writable } from 'node:stream';
import { failpoint } from '#sys';
import type { LayerSource } from './layers.ts';
import type { CommitRules } from './stage.ts';
import { commitChanges } from './stage.ts';
import type { Staged } from './view.ts';

/** A layer that has no name yet. */
export interface Unplaced extends AsyncDisposable {
  readonly size: number;
  readonly entries: number;
  /** Puts it where layers are, on the disk when it resolves. */
  place(layer: Omit<LayerSource, 'open'>): Promise<void>;
}

export interface CommitOptions extends CommitRules {
  readonly signal?: AbortSignal;
  /** The container is over when it is written: its own tree becomes the layer. */
  readonly adopts?: boolean;
}

/** A commit to come; disposed of without having written, nothing is left of it. */
export interface PreparedCommit extends AsyncDisposable {
  write(output: Writable): Promise<Unplaced>;
}

interface Committing extends CommitRules {
  /** The upper directory that becomes the layer; undefined: a copy of it does. */
  readonly own: string | undefined;
  discard(path: string): void;
  place(ingest: string, made: { layer: Omit<LayerSource, 'open'>; size: number; entries: number }): Promise<void>;
}

/** Writes what a container changed as a layer, and makes the unpacked one of a copy or of its own tree. */
export async function commitTree(
  tree: Staged,
  output: Writable | Promise<Writable>,
  { own, latest, purpose, discard, place }: Committing,
): Promise<Unplaced> {
  const { folders } = tree;
  const ingest = join(folders.ingests, `commit-${process.hrtime.bigint()}`);
  const diff = join(ingest, 'diff');
  mkdirSync(own === undefined ? diff : ingest, { recursive: true, mode: 0o755 });
  failpoint('snapshot.commit.begun');
  await using undo = new AsyncDisposableStack();
  undo.defer(() => discard(ingest));
  const copy = own === undefined ? relative(folders.root, diff) : undefined;
  const { size, entries } = await commitChanges(tree, { copy, latest, purpose }, output);
  failpoint('snapshot.commit.filled');
  if (own !== undefined) renameSync(own, diff);
  failpoint('snapshot.commit.taken');
  const kept = undo.move();
  return {
    size,
    entries,
    place: (layer) => place(ingest, { layer, size, entries }),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** Begins a commit at once, which waits for where to write to. */
export function prepared(begin: (output: Promise<Writable>) => Promise<Unplaced>): PreparedCommit {
  const held = Promise.withResolvers<Writable>();
  // It may have ended before it came to wait.
  held.promise.catch(() => {});
  const made = begin(held.promise);
  const settled = made.then(
    () => {},
    () => {},
  );
  return {
    write: (output) => {
      held.resolve(output);
      return made;
    },
    [Symbol.asyncDispose]: () => {
      held.reject(new Error('the commit is not wanted'));
      return settled;
    },
  };
}

/** A commit that begins when it is written. */
export function unprepared(write: PreparedCommit['write']): PreparedCommit {
  return { write, [Symbol.asyncDispose]: async () => {} };
}
