import { randomBytes } from 'node:crypto';
import { globSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { send } from '../conformance/call.ts';
import { contextTar } from '../conformance/context.ts';
import { busyboxTar } from '../conformance/image.ts';
import { api } from '../harness/api.ts';
import type { TestDaemon } from '../harness/daemon.ts';
import { layerOf, RegistryDouble } from '../harness/registry.ts';
import { dockerArchive, entry } from './archive.ts';
import type { Told } from './told.ts';

const image = busyboxTar();

/** A daemon, what its clients were told, and the names that this run of a scenario gives. */
export interface Play {
  readonly daemon: TestDaemon;
  readonly told: Told;
  readonly suffix: string;
}

/** The parts of a life, each of which can be played alone. */
export const PARTS: Readonly<Record<string, (play: Play) => Promise<void>>> = {
  images,
  pulls,
  pushes,
  container: oneOfEverything,
  refusals,
  endings,
  logs,
  volumes,
  files,
  networks,
  builds,
};

/** Goes once through every verb that has failpoints. Rejects where the daemon dies. */
export async function wholeLife(play: Play): Promise<void> {
  for (const part of Object.values(PARTS)) await part(play);
}

async function images({ daemon, suffix }: Play): Promise<void> {
  const { socket } = daemon;
  const layer = Buffer.concat([entry(`file-${suffix}`, Buffer.from(suffix)), Buffer.alloc(1024)]);
  await raw(socket, '/images/load?quiet=1', dockerArchive(layer, `crash-load-${suffix}:latest`));
  await must(socket, 'POST', `/images/crash-load-${suffix}:latest/tag?repo=other-${suffix}`);
  await must(socket, 'DELETE', `/images/other-${suffix}:latest`);
  await must(socket, 'DELETE', `/images/crash-load-${suffix}:latest`);
  await raw(socket, `/images/create?fromSrc=-&repo=dangling-${suffix}&changes=LABEL%20a=1`, image);
  await raw(socket, `/images/create?fromSrc=-&repo=dangling-${suffix}&changes=LABEL%20a=2`, image);
  await must(socket, 'POST', '/images/prune');
  await must(socket, 'DELETE', `/images/dangling-${suffix}:latest`);
}

/** Two layers, one of them left half, so that it is taken up again; an image that is there; a damaged manifest. */
async function pulls({ daemon, suffix }: Play): Promise<void> {
  const { socket, dataRoot } = daemon;
  await using registry = await RegistryDouble.open();
  const large = layerOf({ large: randomBytes(1_200_000) });
  const { digest } = registry.image('crash', 'one', [layerOf({ [`file-${suffix}`]: suffix }), large]);
  const name = `${registry.host}/crash`;
  await must(socket, 'POST', `/images/create?fromImage=${name}&tag=one`);
  writeFileSync(join(dataRoot, 'content/blobs/sha256', digest.slice('sha256:'.length)), 'damaged');
  await must(socket, 'POST', `/images/create?fromImage=${name}&tag=one`);
  await must(socket, 'DELETE', `/images/${name}:one?force=1`);
  writeFileSync(join(dataRoot, 'content/partial', 'f'.repeat(64)), 'left by a pull that nobody took up again');
  await must(socket, 'POST', '/images/prune');
}

const DOCKERFILE = (unique: string) => `FROM crash AS first
ARG CHANGES=${unique}
WORKDIR /made
COPY file .
RUN --mount=type=cache,target=/kept --mount=type=bind,source=file,target=/bound/file cp file $CHANGES
FROM crash
COPY --from=first /made /made
RUN --mount=type=cache,target=/seeded,from=first,source=/made true
`;

async function builds({ daemon, suffix }: Play): Promise<void> {
  const { socket } = daemon;
  await importImage(daemon);
  const dockerfile = DOCKERFILE(`${suffix}-${Date.now()}`);
  await raw(socket, `/build?t=built-${suffix}`, contextTar({ Dockerfile: dockerfile, file: suffix }));
  await raw(socket, `/build?t=built-${suffix}`, contextTar({ Dockerfile: dockerfile, file: suffix }));
  await must(socket, 'DELETE', `/images/built-${suffix}:latest`);
  await must(socket, 'POST', '/build/prune?all=1');
  await importsCache(socket, suffix);
}

/** An image that a registry has tells how it was built. */
async function importsCache(socket: string, suffix: string): Promise<void> {
  await using registry = await RegistryDouble.open();
  const name = `${registry.host}/cached-${suffix}`;
  const context = contextTar({ Dockerfile: `FROM crash\nCOPY file /${suffix}\n`, file: suffix });
  const inline = encodeURIComponent(JSON.stringify({ BUILDKIT_INLINE_CACHE: '1' }));
  await raw(socket, `/build?version=2&t=${name}&buildargs=${inline}`, context);
  await raw(socket, `/images/${name}/push?tag=latest`, Buffer.alloc(0));
  await must(socket, 'DELETE', `/images/${name}:latest?force=1`);
  await must(socket, 'POST', '/build/prune?all=1');
  const from = encodeURIComponent(JSON.stringify([name]));
  await raw(socket, `/build?version=2&t=cached-${suffix}&cachefrom=${from}`, context);
  await must(socket, 'DELETE', `/images/cached-${suffix}:latest`);
  await must(socket, 'POST', '/build/prune?all=1');
}

/** The image of all containers here, unless it is there. */
export async function importImage({ socket }: TestDaemon): Promise<void> {
  if ((await api(socket, 'GET', '/images/crash/json')).status === 200) return;
  await raw(socket, '/images/create?fromSrc=-&repo=crash&tag=latest&changes=ENV%20PATH=/bin', image);
}

/** A push that packs; then a config, a layer and a tree are damaged and found again by a check. */
async function pushes({ daemon, suffix }: Play): Promise<void> {
  const { socket, dataRoot } = daemon;
  await using registry = await RegistryDouble.open();
  const name = `${registry.host}/crash-${suffix}`;
  const layer = Buffer.concat([entry(`pushed-${suffix}`, Buffer.from(suffix)), Buffer.alloc(1024)]);
  await raw(socket, '/images/load?quiet=1', dockerArchive(layer, `${name}:latest`));
  await raw(socket, `/images/${name}/push?tag=latest`, Buffer.alloc(0));
  const { Id } = (await must(socket, 'GET', `/images/${name}:latest/json`)) as { Id: string };
  const packed = [...registry.blobs.keys()].find((digest) => digest !== Id)!.slice('sha256:'.length);
  const blobs = join(dataRoot, 'content', 'blobs', 'sha256');
  writeFileSync(join(blobs, Id.slice('sha256:'.length)), '{}');
  rmSync(join(blobs, packed), { force: true });
  for (const path of globSync(join(dataRoot, 'snapshots', 'l', '*', 'diff', `pushed-${suffix}`))) truncateSync(path, 0);
  await raw(socket, '/gantry/fsck', Buffer.alloc(0));
  await must(socket, 'DELETE', `/images/${name}:latest`);
}

async function oneOfEverything(play: Play): Promise<void> {
  const { daemon, told, suffix } = play;
  const { socket } = daemon;
  await importImage(daemon);
  const name = `life-${suffix}`;
  const id = await create(socket, told, name, {
    ExposedPorts: { '80/tcp': {} },
    HostConfig: {
      PortBindings: { '80/tcp': [{ HostPort: '' }] },
      Binds: [`vol-${suffix}:/etc`, `${join(daemon.folder, 'bound', suffix)}:/bound`],
    },
    Volumes: { '/tmp': {}, '/anonymous': {} },
  });
  await must(socket, 'POST', `/containers/${id}/update`, { CpuQuota: 90_000 });
  await start(socket, told, id);
  await must(socket, 'POST', `/containers/${id}/update`, { CpuQuota: 80_000, PidsLimit: 100 });
  await refused(socket, 'POST', `/containers/${id}/update`, { MemorySwap: 5 });
  await runExec(socket, id, { Detach: true });
  await runExec(socket, id, { Detach: false });
  await must(socket, 'POST', `/containers/${id}/pause`);
  await must(socket, 'POST', `/containers/${id}/unpause`);
  await must(socket, 'POST', `/containers/${id}/kill?signal=WINCH`);
  told.stopping(id);
  await must(socket, 'POST', `/containers/${id}/restart?t=0`);
  told.renaming(id, `${name}-renamed`);
  await must(socket, 'POST', `/containers/${id}/rename?name=${name}-renamed`);
  told.renamed(id, `${name}-renamed`);
  await must(socket, 'POST', `/containers/${id}/kill`);
  await must(socket, 'POST', `/containers/${id}/start`);
  await must(socket, 'POST', `/containers/${id}/pause`);
  await must(socket, 'POST', `/containers/${id}/stop?t=0`);
  told.removing(id);
  await must(socket, 'DELETE', `/containers/${id}?v=1`);
}

async function runExec(socket: string, id: string, { Detach }: { Detach: boolean }): Promise<void> {
  const body = { Cmd: ['true'], AttachStdout: !Detach };
  const { Id } = (await must(socket, 'POST', `/containers/${id}/exec`, body)) as { Id: string };
  await must(socket, 'POST', `/exec/${Id}/start`, { Detach });
}

async function refusals({ daemon, told, suffix }: Play): Promise<void> {
  const { socket } = daemon;
  await importImage(daemon);
  const name = `refused-${suffix}`;
  const id = await create(socket, told, name, { Cmd: ['/absent'] });
  await refused(socket, 'POST', `/containers/create?name=${name}`, { Image: 'crash', Cmd: ['true'] });
  await refused(socket, 'POST', `/containers/${id}/start`);
  told.removing(id);
  await must(socket, 'DELETE', `/containers/${id}`);
}

/** The ways a life ends without a stop. */
async function endings({ daemon, told, suffix }: Play): Promise<void> {
  const { socket } = daemon;
  await importImage(daemon);
  for (const [name, HostConfig] of [
    ['forced', {}],
    ['forced-host', { PidMode: 'host', NetworkMode: 'host' }],
    ['forced-shareable', { IpcMode: 'shareable' }],
  ] as const) {
    const forced = await create(socket, told, `${name}-${suffix}`, { HostConfig });
    await start(socket, told, forced);
    told.removing(forced);
    await must(socket, 'DELETE', `/containers/${forced}?force=1`);
  }
  for (const [name, more] of [
    ['once', {}],
    ['once-volume', { Volumes: { '/anonymous': {} } }],
  ] as const) {
    const HostConfig = { AutoRemove: true };
    const once = await create(socket, told, `${name}-${suffix}`, { Cmd: ['true'], HostConfig, ...more });
    told.removing(once);
    const waiting = must(socket, 'POST', `/containers/${once}/wait?condition=removed`);
    await Promise.all([waiting, must(socket, 'POST', `/containers/${once}/start`)]);
  }
  const again = await create(socket, told, `again-${suffix}`, {
    Cmd: ['false'],
    HostConfig: { RestartPolicy: { Name: 'unless-stopped' } },
  });
  told.restless(again);
  await must(socket, 'POST', `/containers/${again}/start`);
  await untilRestarting(socket, again);
  await must(socket, 'POST', `/containers/${again}/stop`);
  told.removing(again);
  await must(socket, 'DELETE', `/containers/${again}`);
}

/** Until it waits long enough between two lives for a stop to find it there. */
export async function untilRestarting(socket: string, id: string): Promise<void> {
  for (;;) {
    const { RestartCount, State } = (await must(socket, 'GET', `/containers/${id}/json`)) as {
      RestartCount: number;
      State: { Status: string };
    };
    if (RestartCount >= 3 && State.Status === 'restarting') return;
    await new Promise((wake) => setTimeout(wake, 5));
  }
}

/** Logs that the daemon cares for: one that is compressed, one that goes to a sink; nobody has to listen there. */
async function logs({ daemon, told, suffix }: Play): Promise<void> {
  const { socket } = daemon;
  await importImage(daemon);
  for (const [driver, options, command] of [
    ['json-file', { 'max-size': '50k', 'max-file': '9', compress: 'true' }, 'yes | head -c 20000'],
    ['gelf', { 'gelf-address': 'udp://127.0.0.1:9' }, 'echo sent'],
  ] as const) {
    const id = await create(socket, told, `${driver}-${suffix}`, {
      Cmd: ['sh', '-c', command],
      HostConfig: { NetworkMode: 'none', LogConfig: { Type: driver, Config: options } },
    });
    await must(socket, 'POST', `/containers/${id}/start`);
    await must(socket, 'POST', `/containers/${id}/wait`);
    // The sink counts as reached a second after the last line.
    for (let i = 0; i < 15; i++) {
      await must(socket, 'GET', '/_ping');
      await new Promise((wake) => setTimeout(wake, 100));
    }
    told.removing(id);
    await must(socket, 'DELETE', `/containers/${id}`);
  }
}

/** Copies into a container that was never started, one that runs and one that has ended. */
async function files({ daemon, told, suffix }: Play): Promise<void> {
  const { socket } = daemon;
  await importImage(daemon);
  const id = await create(socket, told, `files-${suffix}`, { HostConfig: { Binds: [`files-${suffix}:/vol`] } });
  const archive = Buffer.concat([entry('copied', Buffer.from(suffix)), Buffer.alloc(1024)]);
  const copy = (path: string) => raw(socket, `/containers/${id}/archive?path=${path}`, archive, 'PUT');
  await copy('/vol');
  await start(socket, told, id);
  await copy('/tmp');
  told.stopping(id);
  await must(socket, 'POST', `/containers/${id}/stop?t=0`);
  await must(socket, 'POST', `/containers/${id}/start`);
  await must(socket, 'POST', `/commit?container=${id}&repo=committed-${suffix}&comment=c`);
  await must(socket, 'POST', `/containers/${id}/stop?t=0`);
  await copy('/');
  await must(socket, 'POST', `/commit?container=${id}&repo=committed-${suffix}&tag=stopped`);
  await must(socket, 'DELETE', `/images/committed-${suffix}:latest`);
  await must(socket, 'DELETE', `/images/committed-${suffix}:stopped`);
  await must(socket, 'GET', `/containers/${id}/changes`);
  told.removing(id);
  await must(socket, 'DELETE', `/containers/${id}`);
}

async function volumes({ daemon, told, suffix }: Play): Promise<void> {
  const { socket } = daemon;
  await mountedVolume({ daemon, told, suffix });
  await limitedSize({ daemon, told, suffix });
  await must(socket, 'POST', '/volumes/create', { Name: `unused-${suffix}` });
  await must(socket, 'DELETE', `/volumes/unused-${suffix}`);
  await must(socket, 'POST', '/volumes/create', { Name: `unused-${suffix}` });
  await must(socket, 'POST', `/volumes/prune?filters=${encodeURIComponent('{"all":["true"]}')}`);
}

/** One that is mounted for its filling and for its use. */
async function mountedVolume({ daemon, told, suffix }: Play): Promise<void> {
  const { socket } = daemon;
  await importImage(daemon);
  const Name = `mounted-${suffix}`;
  await must(socket, 'POST', '/volumes/create', { Name, DriverOpts: { type: 'tmpfs', device: 'tmpfs' } });
  const HostConfig = { Binds: [`${Name}:/etc`] };
  const id = await create(socket, told, `user-of-${Name}`, { HostConfig });
  await start(socket, told, id);
  told.removing(id);
  await must(socket, 'DELETE', `/containers/${id}?force=1`);
  await must(socket, 'DELETE', `/volumes/${Name}`);
}

/** One whose files are in a file system of their own. */
async function limitedSize({ daemon, told, suffix }: Play): Promise<void> {
  const { socket } = daemon;
  const HostConfig = { NetworkMode: 'none', StorageOpt: { size: '1m' } };
  const id = await create(socket, told, `limited-${suffix}`, { HostConfig });
  told.removing(id);
  await must(socket, 'DELETE', `/containers/${id}?force=1`);
}

/** Networks of the user's own, and a container that is in two of them, leaves them and comes back. */
async function networks({ daemon, told, suffix }: Play): Promise<void> {
  const { socket } = daemon;
  await importImage(daemon);
  const [one, two] = [`one-${suffix}`, `two-${suffix}`];
  await must(socket, 'POST', '/networks/create', { Name: one, ...ownSubnet() });
  await must(socket, 'POST', '/networks/create', { Name: two, Internal: true, ...ownSubnet() });
  const id = await create(socket, told, `member-${suffix}`, {
    ExposedPorts: { '80/tcp': {} },
    HostConfig: { NetworkMode: one, PortBindings: { '80/tcp': [{ HostPort: '' }] } },
    NetworkingConfig: { EndpointsConfig: { [one]: { Aliases: ['alias'] }, [two]: {} } },
  });
  await must(socket, 'POST', '/networks/bridge/connect', { Container: id });
  await start(socket, told, id);
  await must(socket, 'POST', `/networks/${one}/disconnect`, { Container: id });
  await must(socket, 'POST', `/networks/${one}/connect`, { Container: id });
  await must(socket, 'POST', `/networks/bridge/disconnect`, { Container: id });
  const DriverOpts = { 'com.docker.network.endpoint.sysctls': 'net.ipv4.conf.IFNAME.log_martians=x' };
  await refused(socket, 'POST', '/networks/bridge/connect', { Container: id, EndpointConfig: { DriverOpts } });
  told.removing(id);
  await must(socket, 'DELETE', `/containers/${id}?force=1`);
  await must(socket, 'DELETE', `/networks/${one}`);
  await must(socket, 'POST', '/networks/prune');
}

/** A subnet of its own for a network: many engines share this host, and the usual pools with it. */
export function ownSubnet(): object {
  const part = (from: number, to: number) => from + Math.floor(Math.random() * (to - from));
  return { IPAM: { Config: [{ Subnet: `10.${part(64, 128)}.${part(0, 256)}.0/24` }] } };
}

/** Creates a container that sleeps, and remembers that it was told so. */
export async function create(socket: string, told: Told, name: string, more: object = {}): Promise<string> {
  const body = { Image: 'crash', Cmd: ['sleep', '1000'], ...more };
  const { Id } = (await must(socket, 'POST', `/containers/create?name=${name}`, body)) as { Id: string };
  told.created(Id, name);
  return Id;
}

/** Starts it and remembers the pid of its workload. */
export async function start(socket: string, told: Told, id: string): Promise<void> {
  await must(socket, 'POST', `/containers/${id}/start`);
  told.started(id);
  const state = (await must(socket, 'GET', `/containers/${id}/json`)) as { State: { Pid: number } };
  told.running(id, state.State.Pid);
}

/** A call that has to succeed. */
export async function must(socket: string, method: string, path: string, body?: unknown): Promise<unknown> {
  const reply = await api(socket, method, path, body);
  if (reply.status >= 400) throw new Refused(`${method} ${path}: ${reply.status} ${JSON.stringify(reply.body)}`);
  return reply.body;
}

async function refused(socket: string, method: string, path: string, body?: unknown): Promise<void> {
  const { status } = await api(socket, method, path, body);
  if (status < 400) throw new Refused(`${method} ${path}: ${status}, which should have been refused`);
}

/** The daemon answered, but not what it has to: a fault of the engine, not of the crash. */
export class Refused extends Error {}

async function raw(socket: string, path: string, bytes: Buffer, method = 'POST'): Promise<void> {
  const headers = { 'content-type': 'application/x-tar' };
  const answer = await send(socket, { method, path, body: bytes, headers }, new Map());
  const failed = JSON.stringify(answer.body).includes('errorDetail');
  if (answer.status >= 400 || failed) throw new Refused(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
}
