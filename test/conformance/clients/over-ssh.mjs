import { execFile, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { step } from './transcript.mjs';

// The docker CLI with an ssh:// address. DIAL: the program that the far side has as `docker`; a stand-in for ssh runs there
// what it is asked to, on this host.
const bin = join(process.cwd(), 'bin');
mkdirSync(join(bin, 'far'), { recursive: true });
const script = (path, text) => {
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
};
script(join(bin, 'ssh'), `while [ "$1" != docker ] && [ $# -gt 1 ]; do shift; done\nPATH=${bin}/far:$PATH exec "$@"`);
script(join(bin, 'far/docker'), `exec ${process.env.DIAL} "$@"`);
const env = { ...process.env, PATH: `${bin}:${process.env.PATH}` };
const HOST = 'ssh://root@far';

async function docker(...args) {
  const { stdout } = await promisify(execFile)('docker', ['-H', HOST, ...args], { env });
  return stdout;
}

/** Runs with input, returns the output and the exit code. */
function piped(input, ...args) {
  const child = spawn('docker', ['-H', HOST, ...args], { env, stdio: ['pipe', 'pipe', 'inherit'] });
  let stdout = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stdin.end(input);
  return new Promise((resolve) => child.on('close', (code) => resolve({ stdout, code })));
}

const image = process.env.CLIENT_IMAGE;
await step('version', () => docker('version', '--format', '{{.Server.Os}}'));
await step('run', () => docker('run', '--rm', '--network', 'none', image, 'echo', 'far'));
await step('run with input', () => piped('typed\n', 'run', '--rm', '-i', '--network', 'none', image, 'sh', '-c', 'cat; exit 3'));
await step('detached, exec, logs', async () => {
  await docker('run', '-d', '--name', 'over-ssh', '--network', 'none', image, 'sh', '-c', 'echo up; exec sleep 1000');
  const said = await piped('in\n', 'exec', '-i', 'over-ssh', 'cat');
  const log = await docker('logs', 'over-ssh');
  await docker('rm', '-f', 'over-ssh');
  return { said, log };
});
await step('a megabyte through a pipe', async () => {
  const { stdout, code } = await piped('x'.repeat(1 << 20), 'run', '--rm', '-i', '--network', 'none', image, 'wc', '-c');
  return { stdout: stdout.trim(), code };
});
