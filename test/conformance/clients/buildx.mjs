import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { step } from './transcript.mjs';

// Builds as users of Buildx make them. BUILDX: the folder of the plugin.
const image = process.env.CLIENT_IMAGE;
mkdirSync('.docker/cli-plugins', { recursive: true });
mkdirSync('context/folder', { recursive: true });
writeFileSync('.docker/config.json', JSON.stringify({ cliPluginsExtraDirs: [process.env.BUILDX] }));
writeFileSync('context/.dockerignore', 'left-out\n');
writeFileSync('context/left-out', 'no\n');
writeFileSync('context/file', 'file\n');
writeFileSync('context/folder/inner', 'inner\n');
writeFileSync('secret', 'hidden\n');

async function docker(...args) {
  const ran = promisify(execFile)('docker', args, { encoding: 'utf8' });
  const { stdout, stderr } = await ran.catch((error) => error);
  return `${stdout}${stderr}`;
}
const build = (...args) => docker('buildx', 'build', '--progress=plain', '--no-cache', ...args, 'context');
const dockerfile = (text) => writeFileSync('context/Dockerfile', `FROM ${image}\n${text}`);
/** What steps say, and the last words. */
const said = (text) =>
  text
    .split('\n')
    .filter((line) => /^#\d+ \d+\.\d+ |^ERROR|>>>/.test(line))
    .map((line) => line.replace(/^#\d+ \d+\.\d+ /, ''));

await step('an image', async () => {
  dockerfile('COPY . /all\nRUN ls -1 /all /all/folder\n');
  return said(await build('-t', 'clients-built', '--metadata-file', 'metadata'));
});
await step('runs', () => docker('run', '--rm', 'clients-built', 'cat', '/all/folder/inner'));
await step('is what the metadata say', async () => {
  const id = (await docker('image', 'inspect', '-f', '{{.Id}}', 'clients-built')).trim();
  const metadata = JSON.parse(readFileSync('metadata', 'utf8'));
  return [metadata['containerimage.config.digest'] === id, metadata['containerimage.digest'] === id, metadata['image.name']];
});
await step('a secret', async () => {
  dockerfile('RUN --mount=type=secret,id=word cat /run/secrets/word\nRUN ls /run/secrets 2>/dev/null | wc -l\n');
  return said(await build('--secret', 'id=word,src=secret'));
});
await step('a failure', async () => {
  dockerfile('RUN echo before; exit 7\n');
  return said(await build());
});
await step('a mistake', async () => {
  dockerfile('RUNX true\n');
  return said(await build());
});
await step('a folder', async () => {
  writeFileSync('context/Dockerfile', `FROM ${image} AS made\nRUN echo made > /made\nFROM scratch\nCOPY --from=made /made /out/\n`);
  await build('-o', 'type=local,dest=exported');
  return [readdirSync('exported'), readFileSync('exported/out/made', 'utf8')];
});
await step('targets', async () => (await docker('buildx', 'build', '--call=targets,format=json', 'context')).includes('"made"'));
await step('a named folder', async () => {
  dockerfile('COPY --from=more inner /\nRUN cat /inner\n');
  return said(await build('--build-context', 'more=context/folder'));
});
await docker('rmi', 'clients-built');
