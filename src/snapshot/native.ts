import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { failpoint, MS_BIND, MS_NODEV, MS_NOEXEC, MS_NOSUID, MS_RDONLY } from '#sys';
import { EMPTY } from './container-snapshot.ts';
import type { Folders } from './folders.ts';
import type { JailMount } from './jail.ts';
import { runJail } from './jail.ts';

/** Tries to mount an overlay with its upper directory here, in a mount namespace that is gone afterwards. */
export function canOverlay({ root }: Folders, launcher: string): boolean {
  const data = `userxattr,index=off,lowerdir=${EMPTY},upperdir=.stage/from,workdir=.stage/work`;
  const args = ['--chdir', root, '--mount', 'overlay', 'overlay', '.stage/to', '0', data, '--'];
  return spawnSync(launcher, args, { stdio: 'ignore', timeout: 10_000 }).status === 0;
}

/** Copies layers (newest first) one over the other into a container's directory: the tree that an overlay would show. */
export async function mergeLayers(
  folders: Folders,
  launcher: string,
  key: string,
  layers: readonly string[],
): Promise<void> {
  const flags = MS_BIND | MS_NOSUID | MS_NODEV | MS_NOEXEC;
  for (const name of layers.toReversed()) {
    const task = { kind: 'populate', root: folders.stage, from: 'from', path: '', to: 'to', mode: 'layer' } as const;
    const from: JailMount = {
      type: 'none',
      source: join('l', name, 'diff'),
      target: '.stage/from',
      flags: flags | MS_RDONLY,
      data: '',
    };
    const to: JailMount = { type: 'none', source: join('c', key, 'upper'), target: '.stage/to', flags, data: '' };
    await runJail(task, { launcher, cwd: folders.root, mounts: [from, to] });
    failpoint('snapshot.prepare.merged');
  }
}
