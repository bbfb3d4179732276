// The CLI as build/gantry: one file in place of a hundred, run once over a stand-in for a daemon, and its heap frozen into a
// copy of Node (a single executable with a start-up snapshot). It starts in half the time of the sources.

import type { ExecFileSyncOptionsWithStringEncoding } from 'node:child_process';
import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Bundles the CLI into one CommonJS file. */
async function bundleSources(outfile: string): Promise<void> {
  await build({
    absWorkingDir: root,
    entryPoints: ['src/cli/index.ts'],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node26',
    format: 'cjs',
    minify: true,
    legalComments: 'none',
    banner: { js: 'var module = { exports: {} };' },
    footer: { js: epilogue },
    define: {
      'process.env.GANTRY_COMMIT': JSON.stringify(commit()),
      'process.env.GANTRY_BUILT': JSON.stringify(new Date().toUTCString()),
    },
  });
}

// First it runs for the sake of the code that V8 compiles on the way, which the snapshot keeps; then, when the snapshot is
// started, for its user. Node takes options of its own, such as --env-file, up to the first `--`, so the launcher sends one.
const epilogue = `{
  const { main } = module.exports;
  const host = ['-H', process.env.GANTRY_WARM_HOST];
  const each = [['ps', '-a'], ['images'], ['ps']];
  each.reduce((before, words) => before.then(() => main([...host, ...words])), Promise.resolve());
  require('node:v8').startupSnapshot.setDeserializeMainFunction(() => {
    const words = process.argv.slice(process.argv[2] === '--' ? 3 : 2);
    main(words).then((code) => process.reallyExit(code || process.exitCode || 0));
  });
}`;

/** Makes the executable out of the bundle, on the Node that runs this. */
async function makeExecutable(bundle: string, output: string, host: string): Promise<void> {
  const config = `${bundle}.json`;
  // No worker threads for V8: starting them costs more than they can save in a program that lives for milliseconds.
  // And no new seed for its hash tables at each start: the one of this build is as random, and rehashing takes 3 ms.
  const execution = { execArgv: ['--v8-pool-size=0', '--no-rehash-snapshot'], execArgvExtension: 'none' };
  const options = { useSnapshot: true, useCodeCache: false, disableExperimentalSEAWarning: true, ...execution };
  writeFileSync(config, JSON.stringify({ main: bundle, output, ...options }));
  const env = { ...process.env, GANTRY_WARM_HOST: host };
  // Without the optimising compiler, whose code a snapshot can't keep.
  await promisify(execFile)(process.execPath, ['--no-opt', '--no-sparkplug', '--build-sea', config], { env });
}

// Answers enough of the API for a list.
function standIn(path: string): Promise<Disposable> {
  const recorded = JSON.parse(readFileSync(`${root}src/cli/testdata/ps.json`, 'utf8')) as { answer: unknown };
  const json = (value: unknown) => {
    const body = JSON.stringify(value);
    const length = Buffer.byteLength(body).toString(16);
    const head = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked';
    return `${head}\r\n\r\n${length}\r\n${body}\r\n0\r\n\r\n`;
  };
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => undefined);
    socket.once('data', (bytes) => socket.end(bytes.includes('/images/') ? json([]) : json(recorded.answer)));
  });
  return new Promise((resolve) => server.listen(path, () => resolve({ [Symbol.dispose]: () => server.close() })));
}

function commit(): string {
  const options: ExecFileSyncOptionsWithStringEncoding = {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  };
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], options).trim();
  } catch {
    return '';
  }
}

/** Builds build/gantry. It is as old as the beginning of its building: what is edited meanwhile is newer. */
export async function bundleCli(): Promise<void> {
  const began = new Date();
  const folder = mkdtempSync(join(tmpdir(), 'gantry-build-'));
  try {
    using _daemon = await standIn(`${folder}/sock`);
    mkdirSync(`${root}build`, { recursive: true });
    await bundleSources(`${folder}/gantry.cjs`);
    await makeExecutable(`${folder}/gantry.cjs`, `${root}build/gantry.new`, `unix://${folder}/sock`);
    utimesSync(`${root}build/gantry.new`, began, began);
    renameSync(`${root}build/gantry.new`, `${root}build/gantry`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
