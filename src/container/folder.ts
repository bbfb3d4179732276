import { chownSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno } from '#sys';
import type { Context } from './context.ts';
import type { ContainerSettings } from './deps.ts';

type Place = Pick<ContainerSettings, 'folder'>;

/** The files of a container on the host. */
export function containerFiles({ folder }: Place, id: string) {
  const root = join(folder, id);
  return {
    root,
    log: join(root, `${id}-json.log`),
    hostname: join(root, 'hostname'),
    hosts: join(root, 'hosts'),
    resolvConf: join(root, 'resolv.conf'),
  };
}

/** Makes the folder; idempotent. */
export function makeFolder(place: Place, id: string): void {
  mkdirSync(containerFiles(place, id).root, { recursive: true, mode: 0o710 });
}

/** Writes the three files that are bound into the container. */
export function writeNetworkFiles(
  place: Place,
  id: string,
  contents: { hosts: string; resolvConf: string; hostname: string; owner?: { uid: number; gid: number } },
): void {
  const files = containerFiles(place, id);
  writeFileSync(files.hosts, contents.hosts, { mode: 0o644 });
  writeFileSync(files.resolvConf, contents.resolvConf, { mode: 0o644 });
  writeFileSync(files.hostname, contents.hostname, { mode: 0o644 });
  const { owner } = contents;
  if (!owner) return;
  for (const path of [files.hosts, files.resolvConf, files.hostname]) chownSync(path, owner.uid, owner.gid);
}

/** Removes the folder, which holds a few files and logs, at once or out of sight; absent is success. */
export async function removeFolder(
  { settings, snapshots }: Pick<Context, 'settings' | 'snapshots'>,
  id: string,
): Promise<void> {
  const { root } = containerFiles(settings, id);
  try {
    snapshots.discardFolder(root);
  } catch (error) {
    if (!isErrno(error, 'EXDEV')) throw error;
    await rm(root, { recursive: true, force: true });
  }
}

/** Removes it before it was ever used. */
export function dropFolder(place: Place, id: string): void {
  rmSync(containerFiles(place, id).root, { recursive: true, force: true });
}
