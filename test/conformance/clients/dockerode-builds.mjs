import { createWriteStream, mkdirSync, writeFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import Docker from 'dockerode';
import tar from 'tar-fs';
import { step } from './transcript.mjs';

// Builds as users of dockerode do. DOCKER_HOST: the engine; CLIENT_IMAGE: an image with busybox.
const docker = new Docker({ socketPath: process.env.DOCKER_HOST.replace('unix://', '') });
const image = process.env.CLIENT_IMAGE;

mkdirSync('context/sub', { recursive: true });
writeFileSync(
  'context/Dockerfile',
  `FROM ${image} AS first
ARG WORD=none
COPY . /all
RUN echo built $WORD; ls /all > /list
FROM first
CMD ["cat", "/list"]
`,
);
writeFileSync('context/file', 'file\n');
writeFileSync('context/left-out', 'no\n');
writeFileSync('context/sub/inner', 'inner\n');

/** What a build's stream holds until it ends; a message of failure is thrown, as followProgress has it. */
const follow = (stream) => {
  const events = [];
  return new Promise((resolve, reject) => {
    const done = (error, lines) => (error ? reject(error) : resolve({ lines, events: events.length === lines.length }));
    docker.modem.followProgress(stream, done, (event) => events.push(event));
  });
};
const said = (lines) =>
  lines
    .map(({ stream = '' }) => stream)
    .join('')
    .split('\n')
    .filter((line) => line !== '' && !/^ ---> |^Removed intermediate/.test(line));

async function prints(name) {
  const out = [];
  const sink = new (await import('node:stream')).Writable({ write: (chunk, _, next) => (out.push(chunk), next()) });
  const [, container] = await docker.run(name, [], sink, { HostConfig: { NetworkMode: 'none' } });
  await container.remove();
  return Buffer.concat(out).toString().replaceAll('\r', '');
}

const files = { context: 'context', src: ['Dockerfile', 'file', 'sub'] };

await step('a list of files', async () => {
  const stream = await docker.buildImage(files, { t: 'node-built:one', buildargs: { WORD: 'given' }, labels: { a: 'b' } });
  const { lines, events } = await follow(stream);
  const { Config } = await docker.getImage('node-built:one').inspect();
  return [said(lines), events, Config.Labels.a, await prints('node-built:one')];
});
await step('an archive', async () => {
  const stream = await docker.buildImage(tar.pack('context'), { t: 'node-built:two', nocache: true, target: 'first' });
  const { lines } = await follow(stream);
  return [said(lines), lines.some(({ aux }) => aux?.ID?.startsWith('sha256:'))];
});
await step('an archive in a file', async () => {
  const path = 'context.tar';
  await new Promise((resolve) => tar.pack('context').pipe(createWriteStream(path)).on('finish', resolve));
  await follow(await docker.buildImage(path, { t: 'node-built:three', q: true }));
  return prints('node-built:three');
});
await step('a command that fails', async () => {
  writeFileSync('context/Dockerfile', `FROM ${image}\nRUN exit 5\n`);
  const { lines } = await follow(await docker.buildImage(files, {}));
  return [said(lines), lines.filter(({ error }) => error)];
});
await step('a mistake in the Dockerfile', async () => {
  writeFileSync('context/Dockerfile', `FROM ${image}\nNONSENSE\n`);
  await follow(await docker.buildImage(files, {}));
});
await step('no Dockerfile', () => docker.buildImage({ context: 'context', src: ['file'] }, {}));
await step('no archive', () => docker.buildImage(Readable.from([Buffer.from('nonsense')]), {}));
await step('names that are wrong', () => docker.buildImage(files, { t: 'Not A Name' }));
await step('the cache is pruned', async () => {
  for (const tag of ['one', 'two', 'three']) await docker.getImage(`node-built:${tag}`).remove({ force: true });
  return Object.keys(await docker.pruneBuilder()).sort();
});
