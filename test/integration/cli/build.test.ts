import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { importImage } from '../../conformance/image.ts';
import type { TestDaemon } from '../../harness/daemon.ts';
import { startDaemon } from '../../harness/daemon.ts';
import { RegistryDouble } from '../../harness/registry.ts';

const GANTRY = resolve(import.meta.dirname, '../../../bin/gantry');

let daemon: TestDaemon;
let folder: string;

before(async () => {
  daemon = await startDaemon();
  await importImage(daemon.socket);
});
after(() => daemon.destroy());
beforeEach(() => {
  if (folder) rmSync(folder, { recursive: true });
  folder = mkdtempSync(join(tmpdir(), 'gantry-build-'));
});
after(() => rmSync(folder, { recursive: true }));

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs gantry in the folder. */
function gantry(args: readonly string[], input: string | Buffer = ''): Promise<Ended> {
  return new Promise((end) => {
    const env = { ...process.env, DOCKER_HOST: `unix://${daemon.socket}`, HOME: folder, MINE: 'from here' };
    const options = { cwd: folder, env, timeout: 120_000, encoding: 'utf8' } as const;
    const child = execFile(GANTRY, args, options, (error, out, err) => {
      end({ code: error ? Number(error.code ?? -1) : 0, out, err });
    });
    child.stdin!.on('error', () => {});
    child.stdin!.end(input);
  });
}

const put = (files: Readonly<Record<string, string>>) => {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
};

/** What a container of the image prints. */
async function prints(image: string, ...words: readonly string[]): Promise<string> {
  const { code, out, err } = await gantry(['run', '--rm', '--network', 'none', image, ...words]);
  assert.equal(code, 0, err);
  return out;
}

test('stages, files, links and secrets become an image, named and described', async () => {
  put({
    'a.txt': 'hello\n',
    'sub/b': 'x\n',
    'sub/ignored': 'no\n',
    '.dockerignore': 'sub/ignored\n',
    secret: 'hush\n',
    Dockerfile: `FROM conformance AS base
ARG WORD=none
RUN echo built $WORD > /x; echo out; echo err >&2
FROM base
COPY a.txt sub /d/
COPY l /l
ENV A=b
RUN --mount=type=secret,id=s wc -c < /run/secrets/s > /length
CMD ["cat", "/x"]
`,
  });
  symlinkSync('a.txt', join(folder, 'l'));
  const args = ['--secret', 'id=s,src=secret', '--build-arg', 'WORD=well', '-t', 'built:1', '--label', 'l=v'];
  const told = ['--progress', 'plain', '--iidfile', 'id', '--metadata-file', 'meta'];
  const { code, err } = await gantry(['build', ...args, ...told, '.']);
  assert.equal(code, 0, err);
  assert.match(err, /^#\d+ \[base 2\/2\] RUN echo built/m);
  assert.match(err, /^#\d+ \d+\.\d{3} out$/m);
  assert.match(err, /^#\d+ DONE \d+\.\ds$/m);
  assert.equal(await prints('built:1'), 'built well\n');
  assert.equal(await prints('built:1', 'sh', '-c', 'ls /d; cat /l /length; echo $A'), 'a.txt\nb\nhello\n5\nb\n');
  const { out: inspected } = await gantry(['image', 'inspect', '-f', '{{.Id}} {{.Config.Labels.l}}', 'built:1']);
  const id = readFileSync(join(folder, 'id'), 'utf8');
  assert.equal(inspected, `${id} v\n`);
  const meta = JSON.parse(readFileSync(join(folder, 'meta'), 'utf8')) as Record<string, unknown>;
  assert.equal(meta['containerimage.config.digest'], id);
});

test('the same again is all cached, and --quiet prints the id alone', async () => {
  put({ f: 'same', Dockerfile: 'FROM conformance\nCOPY f /f\nRUN cat /f > /g\n' });
  const first = await gantry(['build', '-q', '.']);
  assert.match(first.out, /^sha256:[0-9a-f]{64}\n$/, first.err);
  const again = await gantry(['build', '--progress', 'plain', '--iidfile', 'id', '.']);
  assert.equal(`${readFileSync(join(folder, 'id'), 'utf8')}\n`, first.out);
  assert.match(again.err, /^#\d+ \[2\/3\] COPY f \/f\n#\d+ CACHED\n\n#\d+ \[3\/3\] RUN cat \/f > \/g\n#\d+ CACHED$/m);
});

test('a step that fails is told with the end of its output and its line', async () => {
  const { code, err } = await gantry(
    ['build', '--progress', 'none', '-'],
    'FROM conformance\nRUN echo before; exit 3\n',
  );
  assert.equal(code, 1);
  assert.match(err, /^ > \[2\/2\] RUN echo before; exit 3:\n\d\.\d{3} before$/m);
  assert.match(err, /^ {3}2 \| >>> RUN echo before; exit 3$/m);
  const reason = 'process "/bin/sh -c echo before; exit 3" did not complete successfully: exit code: 3';
  assert.ok(err.includes(`ERROR: failed to build: failed to solve: ${reason}`), err);
});

test('faults of the Dockerfile and of the call are told before anything is built', async () => {
  const syntax = await gantry(['build', '--progress', 'none', '-'], 'FROM conformance\nRUNN x\n');
  assert.equal(syntax.code, 1);
  assert.match(syntax.err, /dockerfile parse error on line 2: unknown instruction: RUNN \(did you mean RUN\?\)/);
  const nowhere = await gantry(['build', 'no-such-folder']);
  assert.deepEqual([nowhere.code, nowhere.err], [1, 'unable to prepare context: path "no-such-folder" not found\n']);
  assert.match(
    (await gantry(['build', '.'])).err,
    /failed to read dockerfile: open Dockerfile: no such file or directory/,
  );
});

test('files come back into a folder or as an archive', async () => {
  put({ f: 'content', Dockerfile: 'FROM scratch\nCOPY f /deep/f\n' });
  const local = await gantry(['build', '--progress', 'none', '-o', 'out', '.']);
  assert.equal(local.code, 0, local.err);
  assert.equal(readFileSync(join(folder, 'out/deep/f'), 'utf8'), 'content');
  const tar = await gantry(['build', '--progress', 'none', '-o', 'type=tar,dest=out.tar', '.']);
  assert.equal(tar.code, 0, tar.err);
  assert.ok(readFileSync(join(folder, 'out.tar')).includes('deep/f'));
});

test('checks are answered without building', async () => {
  put({ Dockerfile: 'from conformance as Base\nRUN false\n' });
  const { code, out } = await gantry(['build', '--progress', 'none', '--check', '.']);
  assert.equal(code, 1);
  assert.match(out, /StageNameCasing/);
  assert.deepEqual(
    readdirSync(folder).filter((name) => name === 'out'),
    [],
  );
  assert.ok(!existsSync(join(folder, 'id')));
});

test('a Dockerfile takes no more of the host than its caller grants, and nobody privileges', async () => {
  const build = (text: string, ...more: string[]) => gantry(['build', '--progress', 'none', ...more, '-'], text);
  const host = 'FROM conformance\nRUN --network=host true\n';
  assert.match((await build(host)).err, /failed to load LLB: network\.host is not allowed/);
  assert.equal((await build(host, '--allow', 'network.host')).code, 0);
  assert.equal((await build('FROM conformance\nRUN true\n', '--network', 'host')).code, 0);
  const privileged = await build('FROM conformance\nRUN --security=insecure true\n');
  assert.match(privileged.err, /failed to load LLB: security\.insecure is not allowed/);
  const asked = await build('FROM conformance\n', '--allow', 'security.insecure');
  assert.match(asked.err, /granting entitlement security\.insecure is not allowed by build daemon configuration/);
});

test('a cache of a kind that cannot be written is refused', async () => {
  const { code, err } = await gantry(
    ['build', '--progress', 'none', '--cache-to', 'type=s3,bucket=x,region=y', '-'],
    'FROM conformance\n',
  );
  assert.equal(code, 1);
  assert.match(err, /^ERROR: failed to build: failed to solve: unknown cache exporter: "s3"$/m);
});

test('what is built is named, and pushed if that is asked for', async () => {
  await using registry = await RegistryDouble.open();
  const name = `${registry.host}/team/built:1`;
  const nameless = await gantry(['build', '--push', '-'], 'FROM conformance\n');
  assert.deepEqual([nameless.code, nameless.err], [1, 'tag is needed when pushing to registry\n']);
  const { code, err } = await gantry(
    ['build', '--push', '--progress', 'plain', '-t', name, '-'],
    'FROM conformance\nENV A=1\n',
  );
  assert.equal(code, 0, err);
  assert.match(err, new RegExp(`^#\\d+ naming to ${name}( 0\\.\\ds)? done$`, 'm'));
  assert.match(err, /^1: digest: sha256:[0-9a-f]{64} size: \d+$/m);
  assert.ok(registry.manifests.has('team/built:1'));
});
