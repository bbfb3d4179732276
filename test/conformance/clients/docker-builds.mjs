import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { step } from './transcript.mjs';

// Builds as users of the docker CLI make them who have no Buildx.
const image = process.env.CLIENT_IMAGE;
mkdirSync('context/folder', { recursive: true });
writeFileSync('context/.dockerignore', '*\n!file\n!folder\n');
writeFileSync('context/left-out', 'no\n');
writeFileSync('context/file', 'file\n');
writeFileSync('context/folder/inner', 'inner\n');
symlinkSync('folder/inner', 'context/link');

async function docker(args, input) {
  const env = { ...process.env, DOCKER_BUILDKIT: '0' };
  const running = promisify(execFile)('docker', args, { encoding: 'utf8', env });
  running.child.stdin.end(input ?? '');
  const { stdout, stderr, code = 0 } = await running.catch((error) => error);
  return { code, stdout, stderr: stderr.replace(/^DEPRECATED:[\s\S]*?\n\n/, '') };
}
const dockerfile = (text) => writeFileSync('context/Dockerfile', `FROM ${image}\n${text}`);
/** What steps were told and said. */
const said = (text) => text.split('\n').filter((line) => line !== '' && !/^ ---> |Removed intermediate|^Sending build/.test(line));
const build = async (...args) => {
  const { code, stdout, stderr } = await docker(['build', ...args]);
  return { code, said: said(stdout), stderr: stderr.replaceAll(process.cwd(), '') };
};
const prints = async (...words) => (await docker(['run', '--rm', '--network', 'none', 'cli-built', ...words])).stdout;

await step('a folder', async () => {
  dockerfile('COPY . /all\nRUN ls -A /all\nCMD ["cat", "/all/folder/inner"]\n');
  return [await build('-t', 'cli-built', '--rm', 'context'), await prints()];
});
await step('arguments and labels', async () => {
  dockerfile('ARG WORD=none\nRUN echo $WORD\n');
  return await build('-t', 'cli-built', '--build-arg', 'WORD=given', '--label', 'a=b', '--no-cache', 'context');
});
await step('a Dockerfile by standard input', async () => {
  const { code, stdout, stderr } = await docker(['build', '-t', 'cli-built', '-'], `FROM ${image}\nRUN echo from input\n`);
  return [code, said(stdout), stderr];
});
await step('a Dockerfile by standard input, with a context', async () => {
  const { code, stdout } = await docker(['build', '-t', 'cli-built', '-f', '-', 'context'], `FROM ${image}\nCOPY file /\nCMD cat /file\n`);
  return [code, said(stdout), await prints()];
});
await step('another Dockerfile, outside', async () => {
  writeFileSync('other', `FROM ${image}\nCOPY file /\nCMD cat /file\n`);
  return [(await build('-t', 'cli-built', '-f', 'other', 'context')).code, await prints()];
});
await step('quiet, with a file for the id', async () => {
  dockerfile('RUN true\n');
  const { code, stdout } = await docker(['build', '-q', '--iidfile', 'id', 'context']);
  return [code, stdout.trim() === readFileSync('id', 'utf8')];
});
await step('a command that fails', async () => {
  dockerfile('RUN echo before; sleep 0.3; echo bad >&2; exit 7\n');
  return await build('context');
});
await step('a mistake', async () => {
  dockerfile('RUNX true\n');
  return await build('context');
});
await step('no Dockerfile', () => build('-f', 'absent', 'context'));
await step('no folder', () => build('absent'));
await step('hosts, limits and no network', async () => {
  dockerfile('RUN grep -c 10.1.2.3 /etc/hosts; ls /sys/class/net; ulimit -n\n');
  const flags = ['--add-host', 'a.example:10.1.2.3', '--network', 'none', '--ulimit', 'nofile=99:99', '-m', '256m'];
  return (await build('--no-cache', ...flags, 'context')).said.filter((line) => /^\w+$/.test(line));
});
await step('pruned', async () => {
  await docker(['rmi', '-f', 'cli-built']);
  return (await docker(['builder', 'prune', '-f'])).code;
});
