import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fetchModules } from './modules.ts';

const ROOT = resolve(import.meta.dirname, '../../build/s3rver');
const PINNED = resolve(import.meta.dirname, '../fixtures/s3rver');
// It passes over folders that hold nothing but folders, which real services do not: it is shown all of them.
const PROGRAM = `
const utils = require('s3rver/lib/utils');
const { walk } = utils;
utils.walk = (folder) => walk(folder);
const S3rver = require('s3rver');
const [directory, bucket] = process.argv.slice(2);
const server = new S3rver({ port: 0, address: '127.0.0.1', silent: true, directory, configureBuckets: [{ name: bucket }] });
server.run((error, { port }) => console.log(error ? String(error) : 'port ' + port));
`;

/** A server that speaks S3 (s3rver), with one bucket, in a process of its own. */
export async function startS3(bucket: string) {
  fetchModules(PINNED, ROOT);
  writeFileSync(join(ROOT, 'serve.cjs'), PROGRAM);
  const folder = mkdtempSync('/var/tmp/gantry-test-s3-');
  // Its pages are named by an old cipher.
  const child = spawn(process.execPath, ['--openssl-legacy-provider', join(ROOT, 'serve.cjs'), folder, bucket], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  const dispose = async () => {
    child.kill('SIGKILL');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  for await (const line of createInterface(child.stdout)) {
    const port = /^port (\d+)$/.exec(line)?.[1];
    if (port === undefined) break;
    return { endpoint: `http://127.0.0.1:${port}`, folder: join(folder, bucket), [Symbol.asyncDispose]: dispose };
  }
  await dispose();
  throw new Error('the S3 server does not start');
}
