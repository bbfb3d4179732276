/**
 * Trees of files: the unpacked layers of images, and what containers write over them. Owns the folder `snapshots/` of
 * the data root. A layer's directory has its name only when its content is whole and on the disk; that name is the only
 * record of it. Whatever touches files of an image does so in a jail: a child process without privileges that has the
 * tree as its root. Returns mounts as values and makes none itself.
 */

export type { CommitOptions, PreparedCommit, Unplaced } from './commit.ts';
export type { Composition, SourceTree } from './compose.ts';
export type { KnownTree } from './jail/compose/tree.ts';
export type { ActionDigest, ComposeAction, CopyAction, Owner } from './jail/compose/work.ts';
export type { CopyRules, Found, UnpackLimits } from './jail/task.ts';
export type { InputFile } from './jail.ts';
export type { LayerSource } from './layers.ts';
export type { SnapshotOptions } from './snapshots.ts';
export { Snapshots } from './snapshots.ts';
export type { CopyIn, CopyOut } from './stage.ts';
export type { Usage } from './usage.ts';
export type { Bind, Holder, View } from './view.ts';
