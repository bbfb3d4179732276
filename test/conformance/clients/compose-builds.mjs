import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { step } from './transcript.mjs';

// A project of three services that are built, driven as its users would. COMPOSE: the program and its first arguments.
const [program, ...first] = JSON.parse(process.env.COMPOSE);
const image = process.env.CLIENT_IMAGE;
const run = promisify(execFile);

const put = (path, text) => {
  mkdirSync(path.slice(0, Math.max(1, path.lastIndexOf('/'))), { recursive: true });
  writeFileSync(path, text);
};
put('./web/Dockerfile', `FROM ${image}\nCOPY page /www/\nEXPOSE 80\nCMD ["httpd", "-f", "-p", "80", "-h", "/www"]\n`);
put('./web/page', 'one\n');
put('./api/deploy/api.Dockerfile', `FROM ${image} AS tools
ARG VERSION=none
RUN echo "api $VERSION" > /version
FROM tools AS debug
RUN echo debug >> /version
FROM tools AS release
CMD ["sh", "-c", "cat /version; exec sleep 1000"]
`);
put('./api/left-out', 'no\n');
put('./api/.dockerignore', 'left-out\n');
put('./worker/Dockerfile', `FROM ${image}\nRUN adduser 2>/dev/null; id -u > /id\nUSER 1000\nCMD ["sh", "-c", "id -u; exec sleep 1000"]\n`);

writeFileSync(
  'compose.json',
  JSON.stringify({
    version: '3.8',
    services: {
      web: { build: './web', stop_signal: 'SIGKILL' },
      api: {
        image: 'compose-built-api:tagged',
        build: { context: './api', dockerfile: 'deploy/api.Dockerfile', target: 'release', args: { VERSION: '1.2' }, labels: { of: 'compose' } },
        depends_on: ['web'],
        stop_signal: 'SIGKILL',
      },
      worker: { build: { context: './worker' }, depends_on: ['api'], stop_signal: 'SIGKILL' },
    },
  }),
);

async function compose(...args) {
  const { stdout, stderr } = await run(program, [...first, '-p', 'built', '-f', 'compose.json', ...args], { encoding: 'utf8' });
  return `${stdout}${stderr}`.replaceAll('\r', '');
}
const id = async (name) => (await run('docker', ['image', 'inspect', '-f', '{{.Id}}', name])).stdout.trim();
/** The two versions of compose put different marks between the words of a name. */
const mark = process.env.COMPOSE_MARK;
const web = `built${mark}web`;

await step('build', async () => {
  await compose('build');
  const { stdout } = await run('docker', ['image', 'inspect', '-f', '{{json .Config.Labels}} {{json .Config.Cmd}}', 'compose-built-api:tagged']);
  const [labels, cmd] = stdout.trim().split('} ');
  return [JSON.parse(`${labels}}`).of, cmd];
});
await step('build again', async () => {
  const before = await id(web);
  await compose('build', 'web');
  return (await id(web)) === before;
});
await step('up', async () => {
  await compose('up', '-d');
  const { stdout } = await run('docker', ['ps', '--filter', 'label=com.docker.compose.project=built', '--format', '{{.Names}} {{.State}}']);
  return stdout.trim().replaceAll('_', '-').split('\n').sort();
});
await step('what was built runs', async () => [
  await compose('exec', '-T', 'api', 'cat', '/version'),
  await compose('exec', '-T', 'web', 'cat', '/www/page'),
  await compose('exec', '-T', 'worker', 'id', '-u'),
]);
await step('up --build with a change', async () => {
  put('./web/page', 'two\n');
  const others = await compose('ps', '-q', 'worker');
  try {
    await compose('up', '-d', '--build', '--no-deps', 'web');
  } catch (error) {
    // What compose 1 says of an engine that no longer tells it what it looks for.
    return /KeyError: .*/.exec(error.message)?.[0] ?? error.message;
  }
  return [await compose('exec', '-T', 'web', 'cat', '/www/page'), (await compose('ps', '-q', 'worker')) === others];
});
await step('build with an argument and without the cache', async () => {
  await compose('build', '--no-cache', '--build-arg', 'VERSION=9', 'api');
  return (await run('docker', ['run', '--rm', '--network', 'none', 'compose-built-api:tagged', 'cat', '/version'])).stdout;
});
await step('a build that fails', async () => {
  put('./worker/Dockerfile', `FROM ${image}\nRUN echo before; exit 3\n`);
  const failed = await compose('build', 'worker').then(
    () => undefined,
    (error) => error,
  );
  return [failed.code !== 0, `${failed.stdout}${failed.stderr}`.includes('before'), /exit code: 3|non-zero code: 3/.test(`${failed.stdout}${failed.stderr}`)];
});
await step('down', async () => {
  await compose('down', '-v', '--rmi', 'all', '--remove-orphans');
  const { stdout } = await run('docker', ['images', '--format', '{{.Repository}}']);
  return stdout.split('\n').filter((name) => /^built|compose-built/.test(name));
});
