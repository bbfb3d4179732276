import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { StatusResponse } from '#buildkit';
import { decode } from '#protobuf';
import { send } from '../../conformance/call.ts';
import { RELEASE, unpack } from '../../conformance/clients/debian.ts';
import { contextTar } from '../../conformance/context.ts';
import { importImage } from '../../conformance/image.ts';
import type { TestDaemon } from '../../harness/daemon.ts';
import { startDaemon } from '../../harness/daemon.ts';

/** `POST /build?version=2`: BuildKit's progress in the answer, files and secrets over a session. */
let daemon: TestDaemon;
let folder: string;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gantry-version-2-'));
  daemon = await startDaemon();
  await importImage(daemon.socket);
});
after(async () => {
  await daemon.destroy();
  rmSync(folder, { recursive: true });
});

interface Line {
  readonly id?: string;
  readonly aux?: unknown;
  readonly error?: string;
  readonly message?: string;
}

async function post(query: string, files: Readonly<Record<string, string>> = {}) {
  const call = { method: 'POST', path: `/v1.50/build?version=2&${query}`, body: contextTar(files) };
  const { status, body } = await send(daemon.socket, call, new Map());
  const lines = (Array.isArray(body) ? body : [body]) as Line[];
  const traces = lines.flatMap(({ id, aux }) =>
    id === 'moby.buildkit.trace' ? [Buffer.from(String(aux), 'base64')] : [],
  );
  const updates = traces.map((bytes) => decode(StatusResponse, bytes));
  const said = updates.flatMap(({ logs }) => logs.map(({ msg }) => Buffer.from(msg).toString())).join('');
  const image = lines.find(({ id }) => id === 'moby.image.id')?.aux as { ID: string } | undefined;
  return { status, lines, said, image: image?.ID, error: lines.at(-1)?.error ?? lines.at(-1)?.message };
}

const SAYS = 'FROM conformance\nARG WHO\nCOPY word /\nRUN cat /word && echo for $WHO\n';

test('a context in the body, without a session', async () => {
  const args = encodeURIComponent(JSON.stringify({ WHO: 'me' }));
  const built = await post(`t=two:1&networkmode=none&buildargs=${args}`, { Dockerfile: SAYS, word: 'hello\n' });
  assert.equal(built.status, 200);
  assert.equal(built.said, 'hello\nfor me\n');
  const { body } = await send(daemon.socket, { method: 'GET', path: '/images/two:1/json' }, new Map());
  assert.equal((body as { Id: string }).Id, built.image);
});

test('a context that another call brings', async () => {
  const [, built] = await Promise.all([
    post('buildid=upload-request:abc', { Dockerfile: SAYS, word: 'uploaded\n' }),
    post('buildid=abc&remote=upload-request&networkmode=none'),
  ]);
  assert.match(built.said, /^uploaded\n/);
  assert.ok(built.image);
});

test('what is wrong is told', async () => {
  const failed = await post('networkmode=none', { Dockerfile: 'FROM conformance\nRUN exit 3\n' });
  assert.equal(failed.error, 'process "/bin/sh -c exit 3" did not complete successfully: exit code: 3');
  const nameless = await post('dockerfile=nosuch', { Dockerfile: SAYS });
  assert.equal(nameless.error, 'failed to read dockerfile: open nosuch: no such file or directory');
  const network = await post('networkmode=mine', { Dockerfile: SAYS });
  assert.deepEqual([network.status, network.error], [500, 'network mode "mine" not supported by buildkit']);
  const wrong = await send(daemon.socket, { method: 'POST', path: '/build?version=3' }, new Map());
  assert.deepEqual([wrong.status, wrong.body], [400, { message: 'invalid version "3"' }]);
});

const LACKING = RELEASE !== 'bookworm' && `docker 20.10 is a package of Debian bookworm, here is ${RELEASE}`;

test('docker 20.10 builds with its own BuildKit client', { skip: LACKING }, async () => {
  const program = join(unpack('docker-20', ['docker.io']), 'usr/bin/docker');
  const docker = (args: readonly string[], input = '') =>
    new Promise<string>((resolve, reject) => {
      const variables = { DOCKER_HOST: `unix://${daemon.socket}`, DOCKER_BUILDKIT: '1', DOCKER_CONFIG: folder };
      const options = { cwd: folder, timeout: 120_000, env: { ...process.env, ...variables } };
      const all = ['build', '--progress=plain', '--network=none', '--no-cache', ...args];
      const child = execFile(program, all, options, (error, out, err) =>
        error ? reject(new Error(err)) : resolve(out + err),
      );
      child.stdin!.end(input);
    });
  mkdirSync(join(folder, 'context'));
  writeFileSync(join(folder, 'context/Dockerfile'), SAYS);
  writeFileSync(join(folder, 'context/word'), 'from a folder\n');
  writeFileSync(join(folder, 'secret'), 'hush\n');
  assert.match(await docker(['-t', 'twenty', '--iidfile', 'id', 'context']), / from a folder\n/);
  const { body } = await send(daemon.socket, { method: 'GET', path: '/images/twenty/json' }, new Map());
  assert.equal((body as { Id: string }).Id, readFileSync(join(folder, 'id'), 'utf8'));
  const secret = 'FROM conformance\nRUN --mount=type=secret,id=s wc -c < /run/secrets/s\n';
  assert.match(await docker(['--secret', 'id=s,src=secret', '-'], secret), / 5\n/);
  const tar = contextTar({ Dockerfile: SAYS, word: 'from an archive\n' }).toString('latin1');
  assert.match(await docker(['-'], tar), / from an archive\n/);
  await docker(['-o', 'out', '-'], 'FROM scratch\nCOPY --from=conformance /etc/group /group\n');
  assert.ok(existsSync(join(folder, 'out/group')));
  await assert.rejects(docker(['-'], 'FROM conformance\nRUN exit 4\n'), /exit code: 4/);
});
