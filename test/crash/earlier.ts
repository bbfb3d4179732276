import { execFileSync } from 'node:child_process';
import { globSync, readdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { send } from '../conformance/call.ts';
import { contextTar } from '../conformance/context.ts';
import { markOf } from '../harness/host.ts';
import type { Play } from './scenario.ts';
import { create, importImage, must, ownSubnet, start, untilRestarting, wholeLife } from './scenario.ts';

/** Brings a daemon to its end in a state that the next start has work with. It is down afterwards. */
type Earlier = (play: Play) => Promise<void>;

/** What has to be before a start for a failpoint to be passed in it, or in the life that follows. */
export const EARLIER: Readonly<Record<string, Earlier>> = {
  'build.recover.released': async (play) => {
    const { daemon } = play;
    const { socket } = await up(play);
    const body = contextTar({ Dockerfile: 'FROM crash\nRUN sleep 100\n' });
    void send(socket, { method: 'POST', path: '/build', body }, new Map()).catch(() => {});
    const steps = join(daemon.dataRoot, 'build/steps');
    while (readdirSync(steps).length === 0) await new Promise((wake) => setTimeout(wake, 20));
    await daemon.stop('SIGKILL');
  },
  'container.recover.watch': async (play) => {
    await running(play);
    await play.daemon.stop('SIGKILL');
  },
  'container.recover.record-exit': async (play) => {
    const { pid } = await running(play);
    await play.daemon.stop('SIGKILL');
    process.kill(pid, 'SIGKILL');
    const { id } = play.told.list().find((container) => container.pid === pid)!;
    play.told.stopping(id);
  },
  'container.recover.schedule-restart': async (play) => {
    const { told, suffix } = play;
    const { socket } = await up(play);
    const HostConfig = { RestartPolicy: { Name: 'always' } };
    const id = await create(socket, told, `back-${suffix}`, { Cmd: ['false'], HostConfig });
    told.restless(id);
    await must(socket, 'POST', `/containers/${id}/start`);
    await untilRestarting(socket, id);
    await play.daemon.stop('SIGKILL');
  },
  'container.recover.start': async (play) => {
    const { told, suffix } = play;
    const { socket } = await up(play);
    const id = await create(socket, told, `always-${suffix}`, { HostConfig: { RestartPolicy: { Name: 'always' } } });
    await must(socket, 'POST', `/containers/${id}/start`);
    await must(socket, 'POST', `/containers/${id}/stop?t=0`);
    await play.daemon.stop('SIGKILL');
  },
  // What a power cut does to a container that was made a moment before.
  'container.recover.snapshot-restored': async (play) => {
    const { daemon, told, suffix } = play;
    const { socket } = await up(play);
    const id = await create(socket, told, `torn-${suffix}`);
    await daemon.stop('SIGKILL');
    rmSync(join(daemon.dataRoot, 'snapshots/c', id, 'lower'));
  },
  'runtime.copy.folder-made': withoutCopies,
  'runtime.copy.written': withoutCopies,
  'runtime.copy.named': withoutCopies,
  'runtime.copy.removed': async ({ daemon }) => {
    writeFileSync(join(daemon.dataRoot, 'bin', 'gantry-monitor-of-an-earlier-release'), '');
  },
  'network.bridge.created': async ({ daemon }) => {
    execFileSync('ip', ['link', 'delete', `gantry-${markOf(daemon)}`]);
  },
  'network.recover.completed': inOwnNetwork,
  'runtime.cgroup.parent-made': withoutCgroups,
  'runtime.cgroup.parent-inherits': withoutCgroups,
  'network.recover.swept': async (play) => {
    const { daemon, told, suffix } = play;
    const { socket } = await up(play, { GANTRY_FAILPOINT: 'container.exit.recorded' });
    const id = await create(socket, told, `owner-${suffix}`);
    await start(socket, told, id);
    const HostConfig = { NetworkMode: `container:${id}` };
    const guest = await create(socket, told, `guest-${suffix}`, { HostConfig });
    await start(socket, told, guest);
    told.stopping(id);
    await must(socket, 'POST', `/containers/${id}/stop?t=0`).catch(() => undefined);
    await daemon.exited();
  },
  'container.recover.undo-create': dieAt('container.create.recorded'),
  'container.recover.undo-start': dieAt('container.start.intended'),
  'container.recover.adopt': dieAt('runtime.start.started'),
  'container.recover.finish-stop': dieAt('container.stop.intended'),
  'container.recover.finish-restart': dieAt('container.restart.intended'),
  'container.recover.finish-remove': dieAt('container.remove.intended'),
  'container.recover.finish-update': dieAt('container.update.intended'),
  'container.recover.finish-commit': dieAt('image.commit-layer.received'),
  'container.recover.discard': async (play) => {
    const { socket } = await up(play, { GANTRY_FAILPOINT: 'container.prepare.prepared' });
    await create(socket, play.told, `idle-${play.suffix}`);
    await play.daemon.exited();
  },
  'container.recover.container-done': dieAt('container.start.recorded'),
  'container.recover.orphan-removed': dieAt('container.remove.recorded'),
};

function dieAt(name: string): Earlier {
  return async (play) => {
    await play.daemon.start({ env: { GANTRY_FAILPOINT: name } });
    const lived = await wholeLife(play).then(
      () => true,
      () => false,
    );
    if (lived) throw new Error(`the scenario does not pass ${name}`);
    await play.daemon.exited();
  };
}

/** An engine that has not made its parents of cgroups yet, as after a boot. */
async function withoutCgroups({ daemon }: Play): Promise<void> {
  for (const parent of globSync(`/sys/fs/cgroup/{,*/}gantry-${markOf(daemon)}`)) rmdirSync(parent);
}

async function up({ daemon }: Play, env: Readonly<Record<string, string>> = {}): Promise<{ socket: string }> {
  await daemon.start({ env });
  await importImage(daemon);
  return daemon;
}

async function running(play: Play): Promise<{ pid: number }> {
  const { socket } = await up(play);
  const id = await create(socket, play.told, `runs-${play.suffix}`);
  await start(socket, play.told, id);
  return { pid: play.told.list().find((container) => container.id === id)!.pid! };
}

/** A container that runs in a network of the user's own. */
async function inOwnNetwork(play: Play): Promise<void> {
  const { daemon, told, suffix } = play;
  const { socket } = await up(play);
  await must(socket, 'POST', '/networks/create', { Name: `there-${suffix}`, ...ownSubnet() });
  const id = await create(socket, told, `in-${suffix}`, { HostConfig: { NetworkMode: `there-${suffix}` } });
  await start(socket, told, id);
  await daemon.stop('SIGKILL');
}

async function withoutCopies({ daemon }: Play): Promise<void> {
  rmSync(join(daemon.dataRoot, 'bin'), { recursive: true });
}
