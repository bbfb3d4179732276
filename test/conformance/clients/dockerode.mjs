import { createReadStream } from 'node:fs';
import { PassThrough } from 'node:stream';
import Docker from 'dockerode';
import { read, step } from './transcript.mjs';

// Drives an engine as users of dockerode do. DOCKER_HOST: the engine; CLIENT_IMAGE: an image with busybox.
const docker = new Docker({ socketPath: process.env.DOCKER_HOST.replace('unix://', '') });
const Image = process.env.CLIENT_IMAGE;
const NAME = 'dockerode-web';
const labels = { client: 'dockerode' };
const web = docker.getContainer(NAME);
const filters = { label: ['client=dockerode'] };

/** Both streams of a multiplexed one, as text. */
async function demux(stream) {
  const [out, err] = [new PassThrough(), new PassThrough()];
  docker.modem.demuxStream(stream, out, err);
  const texts = [out, err].map(async (side) => (await read(side)).toString());
  stream.on('end', () => [out, err].forEach((side) => side.end()));
  stream.on('close', () => [out, err].forEach((side) => side.end()));
  const [stdout, stderr] = await Promise.all(texts);
  return { stdout, stderr };
}

const create = (name, Cmd, more = {}) =>
  docker.createContainer({ name, Image, Cmd, Labels: labels, HostConfig: { NetworkMode: 'none' }, ...more });

async function exec(options, input) {
  const created = await web.exec({ AttachStdout: true, AttachStderr: true, ...options });
  const stream = await created.start({ hijack: true, stdin: options.AttachStdin === true });
  if (input !== undefined) stream.end(input);
  const said = options.Tty ? (await read(stream)).toString() : await demux(stream);
  const { ExitCode, Running } = await created.inspect();
  return { said, ExitCode, Running };
}

await step('ping', async () => (await docker.ping()).toString());
await step('version', async () => {
  const { MinAPIVersion, Os } = await docker.version();
  return { MinAPIVersion, Os };
});
await step('info', async () => {
  const { OSType, LoggingDriver, DefaultRuntime, Swarm } = await docker.info();
  return { OSType, LoggingDriver, hasRuntime: DefaultRuntime !== '', Swarm: Swarm.LocalNodeState };
});
await step('create', async () => (await create(NAME, ['sleep', '1000'], { ExposedPorts: { '80/tcp': {} } })).id.length);
await step('create, name taken', () => create(NAME, ['true']));
await step('create, no such image', () => docker.createContainer({ Image: 'no-such-image' }));
await step('start', async () => (await web.start()).toString());
await step('start again', () => web.start());
await step('inspect', async () => {
  const { Name, State, Config, HostConfig } = await web.inspect();
  const { Labels, Cmd, ExposedPorts } = Config;
  return { Name, Status: State.Status, Running: State.Running, Labels, Cmd, ExposedPorts, Mode: HostConfig.NetworkMode };
});
await step('list by label', async () =>
  (await docker.listContainers({ filters })).map(({ Names, State, Image: image }) => ({ Names, State, image })),
);
await step('exec', () => exec({ Cmd: ['sh', '-c', 'echo out; echo err >&2; exit 3'] }));
await step('exec with stdin', () => exec({ Cmd: ['cat'], AttachStdin: true }, 'from stdin\n'));
await step('exec with a terminal', () => exec({ Cmd: ['sh', '-c', 'test -t 1 && echo terminal'], Tty: true }));
await step('exec, no such program', () => exec({ Cmd: ['no-such-program'] }));
await step('pause, exec, unpause', async () => {
  await web.pause();
  const { Status } = (await web.inspect()).State;
  const refused = await web.exec({ Cmd: ['true'] }).catch((error) => error.statusCode);
  await web.unpause();
  return { Status, refused, after: (await web.inspect()).State.Status };
});
await step('rename there and back', async () => {
  await web.rename({ name: `${NAME}-2` });
  const { Name } = await docker.getContainer(`${NAME}-2`).inspect();
  await docker.getContainer(`${NAME}-2`).rename({ name: NAME });
  return Name;
});
await step('top', async () => (await web.top()).Processes.length);
await step('update', async () => {
  await web.update({ Memory: 64 << 20, MemorySwap: -1 });
  return (await web.inspect()).HostConfig.Memory;
});
await step('files in and out', async () => {
  await web.putArchive(createReadStream(process.env.CLIENT_TAR), { path: '/tmp' });
  const { said } = await exec({ Cmd: ['ls', '/tmp'] });
  const archive = await read(await web.getArchive({ path: '/etc/group' }));
  return { ...said, archived: archive.includes('root:x:0:') };
});
await step('changes', async () => (await web.changes()).map(({ Path }) => Path).includes('/tmp/bin'));
await step('stats, once', async () => {
  const { name, cpu_stats, memory_stats, pids_stats } = await web.stats({ stream: false, 'one-shot': true });
  return { name, cpu: cpu_stats.cpu_usage.total_usage > 0, memory: memory_stats.usage > 0, pids: pids_stats.current };
});
await step('commit', async () => {
  const { Id } = await web.commit({ repo: 'dockerode-commit', comment: 'kept', changes: 'LABEL kept=yes' });
  const { Comment, Config } = await docker.getImage('dockerode-commit').inspect();
  await docker.getImage('dockerode-commit').remove();
  return { isId: Id.startsWith('sha256:'), Comment, kept: Config.Labels.kept };
});
await step('restart', async () => {
  await web.restart({ t: 0 });
  return (await web.inspect()).State.Status;
});
await step('kill', async () => {
  const ended = web.wait();
  await web.kill({ signal: 'SIGKILL' });
  return await ended;
});
await step('kill what does not run', () => web.kill());
await step('remove', async () => (await web.remove({ v: true })).toString());
await step('inspect what is gone', () => web.inspect());
await step('run', async () => {
  const sink = new PassThrough();
  const text = read(sink);
  const [{ StatusCode }, container] = await docker.run(Image, ['sh', '-c', 'echo hello; exit 4'], sink, {
    Labels: labels,
    HostConfig: { NetworkMode: 'none' },
    Tty: false,
  });
  sink.end();
  await container.remove();
  return { StatusCode, text: (await text).includes('hello\n') };
});
await step('attach with stdin', async () => {
  const container = await create('dockerode-cat', ['cat'], { OpenStdin: true, StdinOnce: true, AttachStdin: true });
  const stream = await container.attach({ stream: true, stdin: true, stdout: true, stderr: true, hijack: true });
  const said = demux(stream);
  await container.start();
  stream.end('typed\n');
  const { StatusCode } = await container.wait();
  const result = { ...(await said), StatusCode };
  await container.remove();
  return result;
});
await step('logs, whole and followed', async () => {
  const container = await create('dockerode-logs', ['sh', '-c', 'for i in 1 2 3; do echo line $i; sleep 0.1; done']);
  await container.start();
  const followed = await demux(await container.logs({ follow: true, stdout: true, stderr: true }));
  const whole = await container.logs({ stdout: true, stderr: true, tail: 2 });
  await container.remove();
  return { followed: followed.stdout, bytes: Buffer.from(whole).length };
});
await step('wait for removal', async () => {
  const container = await create('dockerode-once', ['true'], { HostConfig: { NetworkMode: 'none', AutoRemove: true } });
  const gone = container.wait({ condition: 'removed' });
  await container.start();
  return await gone;
});
await step('events', async () => {
  const since = Math.floor(Date.now() / 1000) - 60;
  const stream = await docker.getEvents({ since, until: since + 62, filters: { container: ['dockerode-once'] } });
  const text = (await read(stream)).toString().trim();
  return text.split('\n').map((line) => JSON.parse(line).Action);
});
await step('volumes', async () => {
  const volume = await docker.createVolume({ Name: 'dockerode-data', Labels: labels });
  const { Name, Driver, Scope, Labels } = await docker.getVolume('dockerode-data').inspect();
  const listed = (await docker.listVolumes({ filters })).Volumes.map((one) => one.Name);
  await docker.getVolume(volume.name ?? Name).remove();
  const after = await docker
    .getVolume(Name)
    .inspect()
    .catch((error) => error.statusCode);
  return { Name, Driver, Scope, Labels, listed, after };
});
await step('networks', async () => {
  const network = await docker.createNetwork({ Name: 'dockerode-net', Labels: labels, Internal: true });
  const { Name, Driver, Internal, Labels } = await network.inspect();
  const member = { HostConfig: { NetworkMode: 'dockerode-net' } };
  const host = await create('dockerode-host', ['sleep', '1000'], member);
  await host.start();
  const guest = await create('dockerode-guest', ['ping', '-c', '1', '-q', 'dockerode-host'], member);
  await guest.start();
  const { StatusCode } = await guest.wait();
  const inUse = await network.remove().catch((error) => error.statusCode);
  for (const one of [host, guest]) await one.remove({ force: true });
  await network.remove();
  return { Name, Driver, Internal, Labels, StatusCode, inUse };
});
await step('images', async () => {
  const progress = await docker.importImage(createReadStream(process.env.CLIENT_TAR), { repo: 'dockerode-image' });
  const lines = await new Promise((resolve, reject) =>
    docker.modem.followProgress(progress, (error, output) => (error ? reject(error) : resolve(output))),
  );
  const image = docker.getImage('dockerode-image');
  await image.tag({ repo: 'dockerode-image', tag: 'two' });
  const { RepoTags, Os } = await image.inspect();
  const history = (await image.history()).length;
  const found = await docker.listImages({ filters: { reference: ['dockerode-image'] } });
  await docker.getImage('dockerode-image:two').remove();
  const removed = (await image.remove()).length;
  return { statuses: lines.length, RepoTags: RepoTags.sort(), Os, history, found: found.length, removed };
});
await step('prune', async () => {
  await create('dockerode-left', ['true']);
  return (await docker.pruneContainers({ filters })).ContainersDeleted.length;
});
