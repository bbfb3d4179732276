import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { spreadBelow, syncfs } from '#sys';
import { Grouped } from './grouped.ts';

/** Where everything of the snapshots stands. Names of layers are kept short: see {@link layerName}. */
export interface Folders {
  readonly root: string;
  /** `l/<layer name>/diff`: what a layer adds, an overlay's lower directory; `layer.json` beside it. */
  readonly layers: string;
  /** `c/<key>/{upper,work,lower}`: what a container changes, and the names of its layers. */
  readonly containers: string;
  /** `d/<key>/ext4`: the file system of a container whose size is limited, mounted at its folder. */
  readonly disks: string;
  /** Work under way and what is being deleted; nothing here is of use after a restart. */
  readonly ingests: string;
  readonly trash: string;
  /** Root of the jails that copy between trees: empty directories, some mounted over in the jail's own namespace. */
  readonly stage: string;
  /** Writes all of them to the disk. */
  readonly synced: Grouped;
}

/** Makes the directories that are missing, readable by root only. */
export function openFolders(root: string): Folders {
  const folders: Folders = {
    root,
    layers: join(root, 'l'),
    containers: join(root, 'c'),
    disks: join(root, 'd'),
    ingests: join(root, '.ingest'),
    trash: join(root, '.trash'),
    stage: join(root, '.stage'),
    synced: new Grouped(() => syncfs(root)),
  };
  for (const folder of [root, folders.layers, folders.containers, folders.disks, folders.ingests, folders.trash]) {
    mkdirSync(folder, { recursive: true, mode: 0o710 });
  }
  // Layers begin here. Beside those that were just deleted an ext4 without a journal makes files slowly.
  spreadBelow(folders.ingests);
  for (const name of ['from', 'to', 'copy', 'work', 'empty'])
    mkdirSync(join(folders.stage, name), { recursive: true, mode: 0o700 });
  return folders;
}
