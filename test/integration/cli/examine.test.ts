import assert from 'node:assert/strict';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { send } from '../../conformance/call.ts';
import { importImage } from '../../conformance/image.ts';
import type { TestDaemon } from '../../harness/daemon.ts';
import { startDaemon } from '../../harness/daemon.ts';

/** `gantry build --debug-on-error`: a shell in the files of the step that failed. */
const GANTRY = resolve(import.meta.dirname, '../../../bin/gantry');
const FAILS = `FROM conformance
WORKDIR /work
ENV A=env
ARG B=arg
RUN mkdir -m 777 /open
USER user
RUN --mount=type=secret,id=s echo begun > /open/made; exit 3
`;

let daemon: TestDaemon;
let folder: string;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gantry-examine-'));
  writeFileSync(join(folder, 'Dockerfile'), FAILS);
  writeFileSync(join(folder, 'secret'), 'hidden\n');
  daemon = await startDaemon();
  await importImage(daemon.socket);
});
after(async () => {
  await daemon.destroy();
  rmSync(folder, { recursive: true });
});

class Examination {
  readonly #child: ChildProcessWithoutNullStreams;
  out = '';
  err = '';

  constructor(...args: string[]) {
    const words = ['build', '--progress', 'plain', '--network', 'none', '--secret', 'id=s,src=secret'];
    const env = { ...process.env, DOCKER_HOST: `unix://${daemon.socket}`, HOME: folder };
    this.#child = spawn(GANTRY, [...words, '--debug-on-error', ...args], { cwd: folder, env });
    this.#child.stdout.on('data', (chunk) => (this.out += chunk));
    this.#child.stderr.on('data', (chunk) => (this.err += chunk));
    this.#child.stdin.on('error', () => {});
  }

  type(text: string): void {
    this.#child.stdin.write(text);
  }

  async shows(text: string): Promise<void> {
    for (let n = 0; !this.out.includes(text); n++) {
      assert.ok(n < 600 && this.#child.exitCode === null, `${this.out}${this.err}`);
      await sleep(100);
    }
  }

  async ends(signal?: NodeJS.Signals): Promise<number | null> {
    const ended = once(this.#child, 'close');
    if (signal) this.#child.kill(signal);
    const [code] = (await ended) as [number | null];
    return code;
  }
}

async function nothingIsLeft(): Promise<void> {
  const get = async (path: string) => (await send(daemon.socket, { method: 'GET', path }, new Map())).body as unknown[];
  for (let n = 0; ; n++) {
    const images = (await get('/images/json?all=1')).length - 1;
    const containers = (await get('/containers/json?all=1')).length;
    const marks = readdirSync(join(daemon.dataRoot, 'build/failed')).length;
    if (images + containers + marks === 0) return;
    assert.ok(n < 300, `${images} images, ${containers} containers, ${marks} marks`);
    await sleep(100);
  }
}

test('a shell as the step would have run, in its files; the build has failed all the same', async () => {
  const run = new Examination('.');
  run.type('pwd; cat /open/made; echo $A $B; id -un; ls /run/secrets 2>/dev/null | wc -l; exit\n');
  assert.equal(await run.ends(), 1);
  assert.equal(run.out, '/work\nbegun\nenv arg\nuser\n0\n');
  assert.match(run.err, /exit 3" did not complete successfully: exit code: 3/);
  await nothingIsLeft();
});

test('signals end it, and nothing is left', async () => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    const run = new Examination('.');
    run.type('echo here\n');
    await run.shows('here');
    assert.equal(await run.ends(signal), 1, signal);
    await nothingIsLeft();
  }
});

test('a client that is killed leaves nothing, nor does a daemon', async () => {
  const run = new Examination('.');
  run.type('echo here\n');
  await run.shows('here');
  await run.ends('SIGKILL');
  await nothingIsLeft();
  const other = new Examination('.');
  other.type('echo here\n');
  await other.shows('here');
  await daemon.stop('SIGKILL');
  await other.ends();
  await daemon.start();
  await nothingIsLeft();
});

for (const name of ['build.failed.marked', 'build.failed.kept', 'build.failed.forgotten']) {
  test(`killed at ${name} the daemon forgets what it kept`, async () => {
    await daemon.stop('SIGKILL');
    await daemon.start({ env: { GANTRY_FAILPOINT: name } });
    const run = new Examination('.');
    run.type('exit\n');
    await run.ends();
    await daemon.exited();
    assert.equal(daemon.endedBy(), 'SIGKILL');
    await daemon.start();
    await nothingIsLeft();
  });
}

test('a build that goes well opens nothing; standard input is for the shell alone', async () => {
  writeFileSync(join(folder, 'good'), 'FROM conformance\nRUN true\n');
  const good = new Examination('-f', 'good', '-t', 'conformance', '.');
  assert.equal(await good.ends(), 0, good.err);
  const piped = new Examination('-');
  assert.equal(await piped.ends(), 1);
  assert.match(piped.err, /--debug-on-error: standard input is for the shell/);
});
