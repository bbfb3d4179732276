import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Log } from '#log';
import { removeMarkedParents } from '#runtime';
import { unloadProfile } from './apparmor.ts';
import type { DaemonConfig } from './config.ts';
import { engineMark } from './config.ts';
import { recover } from './daemon.ts';
import { openEngine } from './engine.ts';
import { lockDataRoot } from './lock.ts';

/** Removes all that this engine made on the host: containers, kernel objects, files. No gantryd may run on its roots. */
export async function purge(config: DaemonConfig, log: Log): Promise<void> {
  const { dataRoot, execRoot } = config;
  mkdirSync(execRoot, { recursive: true, mode: 0o711 });
  const mark = engineMark(dataRoot);
  using _ = lockDataRoot(dataRoot);
  {
    await using engine = await openEngine(config, log);
    await recover(engine);
    const all = await engine.containers.list({ all: true, limit: undefined, size: false, filters: {} });
    for (const { Id } of all) await engine.containers.remove(Id, { force: true, volumes: true, link: false });
    await engine.containers.settled();
    await engine.snapshots.settled();
    // What is mounted on the folder of a volume is not the engine's to remove.
    await engine.volumes.unmountUnused(() => false);
    await engine.networks.uninstall();
  }
  removeMarkedParents(mark && `-${mark}`);
  await unloadProfile(mark && `-${mark}`, log);
  for (const name of [
    'gantry.db',
    'gantry.db-wal',
    'gantry.db-shm',
    'gantry.db-reserve',
    'containers',
    'content',
    'snapshots',
    'volumes',
    'bin',
  ]) {
    rmSync(join(dataRoot, name), { recursive: true, force: true });
  }
  rmSync(execRoot, { recursive: true, force: true });
  log.info('everything of this engine is removed', { dataRoot, execRoot });
}
