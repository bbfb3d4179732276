import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { invalid, notFound } from '#errdefs';
import type { Mount } from '#oci';
import { failpoint, isErrno } from '#sys';
import type { Folders } from './folders.ts';

/** mount(2) takes one page of options, its final NUL included. */
const OPTION_BYTES = 4095;
/** The last line of a list of layers: without it the list was cut off by a power failure. */
const END = '.';

/**
 * Makes the writable directories of a container over layers (names, newest first), with empty files `marks` in its root.
 * Again is the same as once.
 */
export function makeSnapshot(
  folders: Folders,
  key: string,
  { layers, marks }: { layers: readonly string[]; marks: readonly string[] },
): void {
  // Docker's text for an image with more layers than can be mounted.
  if (overlayOptions(key, layers).join(',').length > OPTION_BYTES) throw invalid('max depth exceeded');
  const folder = join(folders.containers, key);
  makeFolder(folder, 0o710);
  failpoint('snapshot.prepare.folder');
  makeFolder(join(folder, 'upper'), 0o755);
  makeFolder(join(folder, 'work'), 0o700);
  failpoint('snapshot.prepare.work');
  for (const mark of marks) writeFileSync(join(folder, 'upper', mark), '', { mode: 0o755 });
  failpoint('snapshot.prepare.upper');
  writeFileSync(join(folder, 'lower'), [...layers, END].join('\n'));
  failpoint('snapshot.prepare.lower');
}

/** The names of a container's layers, newest first; not-found when it has no (whole) snapshot: prepare it again. */
export function layersOf(folders: Folders, key: string): string[] {
  let text = '';
  try {
    text = readFileSync(join(folders.containers, key, 'lower'), 'utf8');
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
  }
  const names = text.split('\n');
  if (names.pop() !== END) throw notFound(`no snapshot of container ${key}`);
  return names;
}

/** The overlay that is a container's root, all names relative to the snapshot folder. */
export function overlayMount(key: string, layers: readonly string[]): Mount {
  return { type: 'overlay', source: 'overlay', target: '', options: overlayOptions(key, layers) };
}

/** Layers (newest first) as one tree that nobody writes to. */
export function readOnlyMount(layers: readonly string[]): Mount {
  if (layers.length === 0) return { type: 'bind', source: EMPTY, target: '', options: ['bind'] };
  // An overlay without a writable directory needs two others.
  const options = ['ro', 'nodev', 'userxattr', `lowerdir=${lowerNames(layers)}:${EMPTY}`];
  if (options.join(',').length > OPTION_BYTES) throw invalid('max depth exceeded');
  return { type: 'overlay', source: 'overlay', target: '', options };
}

function overlayOptions(key: string, layers: readonly string[]): string[] {
  const lower = layers.length === 0 ? EMPTY : lowerNames(layers);
  return ['userxattr', 'index=off', `lowerdir=${lower}`, `upperdir=c/${key}/upper`, `workdir=c/${key}/work`];
}

/** An empty directory, as an overlay has at least one below. */
export const EMPTY = '.stage/empty';

/** Layers as the `lowerdir` option names them. */
export function lowerNames(layers: readonly string[]): string {
  return layers.map((name) => `l/${name}/diff`).join(':');
}

function makeFolder(path: string, mode: number): void {
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error;
  }
}
