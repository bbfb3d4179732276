import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { step } from './transcript.mjs';

// A project of three services, driven as its users would. COMPOSE: the program and its first arguments, as JSON.
const [program, ...first] = JSON.parse(process.env.COMPOSE);
const image = process.env.CLIENT_IMAGE;

writeFileSync(
  'compose.json',
  JSON.stringify({
    services: {
      db: {
        image,
        command: ['sh', '-c', 'sleep 0.5; echo filled > /data/file; exec sleep 1000'],
        volumes: ['data:/data'],
        healthcheck: { test: ['CMD-SHELL', 'test -e /data/file'], interval: '200ms', timeout: '5s', retries: 50 },
        stop_signal: 'SIGKILL',
      },
      web: {
        image,
        command: ['sh', '-c', 'mkdir -p /www; cp /data/file /www/; echo serving; exec httpd -f -p 80 -h /www'],
        depends_on: { db: { condition: 'service_healthy' } },
        volumes: ['data:/data:ro'],
        networks: ['default', 'back'],
        environment: { STAGE: 'test' },
        stop_signal: 'SIGKILL',
      },
      client: {
        image,
        command: ['sh', '-c', 'sleep 1000'],
        depends_on: { web: { condition: 'service_started' } },
        networks: { back: { aliases: ['asker'] } },
        stop_signal: 'SIGKILL',
      },
    },
    networks: { back: { labels: { purpose: 'back' } } },
    volumes: { data: {} },
  }),
);

async function compose(...args) {
  const all = [...first, '-p', 'clients', '-f', 'compose.json', ...args];
  const { stdout } = await promisify(execFile)(program, all, { encoding: 'utf8' });
  return stdout.replaceAll('\r', '');
}

/** What the project has, by the docker CLI. */
async function project() {
  const label = 'label=com.docker.compose.project=clients';
  const list = async (...args) => {
    const { stdout } = await promisify(execFile)('docker', [...args, '--filter', label]);
    // The two versions of compose put different marks between the words of a name.
    return stdout.trim().replaceAll('_', '-').split('\n').sort();
  };
  return {
    containers: await list('ps', '-a', '--format', '{{.Names}} {{.State}}'),
    networks: await list('network', 'ls', '--format', '{{.Name}} {{.Driver}}'),
    volumes: await list('volume', 'ls', '--format', '{{.Name}}'),
  };
}

await step('up', async () => {
  await compose('up', '-d');
  return await project();
});
await step('up again changes nothing', async () => {
  const before = await compose('ps', '-q');
  await compose('up', '-d');
  return (await compose('ps', '-q')) === before;
});
await step('services', async () => (await compose('config', '--services')).trim().split('\n').sort());
await step('exec', () => compose('exec', '-T', 'web', 'sh', '-c', 'echo $STAGE; cat /www/file'));
await step('one asks another by its name', () =>
  compose('exec', '-T', 'client', 'sh', '-c', 'for i in 1 2 3 4 5; do wget -qO- http://web/file && break; sleep 0.2; done'),
);
await step('and by an alias', () => compose('exec', '-T', 'web', 'ping', '-c', '1', '-q', 'asker').then(() => 'answers'));
await step('logs', async () => (await compose('logs', '--no-color', 'web')).includes('serving'));
await step('a run of one service', () => compose('run', '--rm', '-T', 'client', 'echo', 'once'));
await step('scale', async () => {
  await compose('up', '-d', '--scale', 'client=3');
  return (await project()).containers.filter((line) => line.startsWith('clients-client-')).length;
});
await step('scale down', async () => {
  await compose('up', '-d', '--scale', 'client=1');
  return (await project()).containers;
});
await step('restart', async () => {
  await compose('restart', 'web');
  return (await project()).containers;
});
await step('pause and unpause', async () => {
  await compose('pause', 'client');
  const paused = (await project()).containers;
  await compose('unpause', 'client');
  return paused;
});
await step('top', async () => (await compose('top', 'web')).includes('httpd'));
await step('stop', async () => {
  await compose('stop');
  return (await project()).containers;
});
await step('start', async () => {
  await compose('start');
  return (await project()).containers;
});
await step('down', async () => {
  await compose('down', '-v');
  return await project();
});
