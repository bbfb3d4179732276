import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { send } from '../../conformance/call.ts';
import { contextTar } from '../../conformance/context.ts';
import { importImage } from '../../conformance/image.ts';
import type { TestDaemon } from '../../harness/daemon.ts';
import { startDaemon } from '../../harness/daemon.ts';
import { Sources } from './sources.ts';

/** Contexts that are no folder of the client, through BuildKit's protocol and through `POST /build`. */
const GANTRY = resolve(import.meta.dirname, '../../../bin/gantry');
const SAYS = 'FROM conformance\nCOPY . /c\nRUN cd /c && echo says $(find . -type f | sort); cat word\n';

let daemon: TestDaemon;
let sources: Sources;
let folder: string;
let commits: Record<string, string>;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gantry-remote-'));
  daemon = await startDaemon();
  await importImage(daemon.socket);
  sources = await Sources.open();
  commits = sources.repository('repo', {
    main: { Dockerfile: SAYS, word: 'of main\n', '.dockerignore': 'word\n' },
    other: { word: 'of other\n', 'sub/Dockerfile': SAYS, 'sub/word': 'of sub\n' },
  });
  const archive = contextTar({
    Dockerfile: SAYS,
    word: 'of an archive\n',
    'd/Dockerfile': 'FROM conformance\nRUN echo other file\n',
  });
  sources.files.set('/context.tar', archive);
  sources.files.set('/alone', 'FROM conformance\nRUN echo alone\n');
});
after(async () => {
  await daemon.destroy();
  await sources[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

interface Ended {
  readonly code: number;
  readonly err: string;
}

function build(
  args: readonly string[],
  { input = '', env = {} }: { input?: Buffer | string; env?: Record<string, string> } = {},
): Promise<Ended> {
  return new Promise((end) => {
    const all = ['build', '--progress', 'plain', '--no-cache', '--network', 'none', ...args];
    const options = {
      cwd: folder,
      timeout: 120_000,
      env: { ...process.env, DOCKER_HOST: `unix://${daemon.socket}`, ...env },
    };
    const child = execFile(GANTRY, all, options, (error, _, err) =>
      end({ code: Number(error?.code ?? (error ? -1 : 0)), err }),
    );
    child.stdin!.on('error', () => {});
    child.stdin!.end(input);
  });
}

async function says(
  args: readonly string[],
  words: RegExp,
  options: Parameters<typeof build>[1] = {},
): Promise<string> {
  const { code, err } = await build(args, options);
  assert.equal(code, 0, err);
  assert.match(err, words);
  return err;
}

/** Nothing that was fetched is left. */
const assertNothingLeft = () => assert.deepEqual(readdirSync(join(daemon.dataRoot, 'build/contexts')), []);

test('an archive on standard input, however it is packed', async () => {
  const tar = contextTar({ Dockerfile: SAYS, word: 'of a tar\n', '.dockerignore': 'word\n' });
  for (const program of ['cat', 'gzip', 'bzip2', 'xz', 'zstd']) {
    const input = execFileSync(program, { input: tar });
    // Docker: nothing is ignored in contexts that are no folders.
    await says(['-'], /says \.\/\.dockerignore \.\/Dockerfile \.\/word\n.*of a tar/s, { input });
  }
  assertNothingLeft();
});

test('files of an archive keep their owners, unless they are told others', async () => {
  const text = 'FROM conformance\nCOPY f /a\nCOPY --chown=0:0 f /b\nRUN stat -c %n=%u:%g /a /b\n';
  execFileSync('tar', ['-C', folder, '-cf', 'owned.tar', '--owner=0', '-T', '/dev/null'], { cwd: folder });
  for (const [name, body, owner] of [
    ['Dockerfile', text, '0'],
    ['f', 'x', '1234'],
  ] as const) {
    writeFileSync(join(folder, name), body);
    execFileSync('tar', ['-C', folder, '-rf', join(folder, 'owned.tar'), `--owner=${owner}`, `--group=${owner}`, name]);
  }
  const input = execFileSync('cat', [join(folder, 'owned.tar')]);
  await says(['-'], /\/a=1234:1234\n.*\/b=0:0\n/, { input });
});

test('a Dockerfile on standard input, with a folder or nothing', async () => {
  writeFileSync(join(folder, 'word'), 'of the folder\n');
  await says(['-f', '-', '.'], /of the folder/, { input: 'FROM conformance\nCOPY word /\nRUN cat /word\n' });
  await says(['-'], /from nowhere/, { input: 'FROM conformance\nRUN echo from nowhere\n' });
});

test('addresses of archives and of Dockerfiles', async () => {
  const { url } = sources;
  await says(
    [`${url}/context.tar`],
    /#1 \[internal\] load remote build context\n.*copy \/context \/\n.*of an archive/s,
  );
  await says(['-f', 'd/Dockerfile', `${url}/context.tar`], /other file/);
  await says(['-f', '-', `${url}/context.tar`], /mine/, { input: 'FROM conformance\nCOPY word /\nRUN echo mine\n' });
  await says([`${url}/alone`], /RUN echo alone\n.* alone\n/s);
  const missing = await build([`${url}/missing.tar`]);
  assert.equal(missing.code, 1);
  assert.match(missing.err, /failed to read downloaded context: failed to load cache key: invalid response status 404/);
  const nameless = await build(['-f', 'nosuch', `${url}/context.tar`]);
  assert.match(nameless.err, /failed to solve: failed to read dockerfile: open nosuch: no such file or directory/);
  assertNothingLeft();
});

test('repositories: branches, commits, folders, queries, without and with what git keeps', async () => {
  const repo = `${sources.url}/repo.git`;
  await says([repo], /load git source .*repo\.git\n.*says \.\/\.dockerignore \.\/Dockerfile \.\/word\n.*of main/s);
  await says([`${repo}#other`], /of other/);
  await says([`${repo}#other:sub`], /says \.\/Dockerfile \.\/word\n.*of sub/);
  await says([`${repo}#${commits['main']!.slice(0, 8)}`], /of main/);
  await says([`${repo}?branch=other&subdir=sub`], /of sub/);
  await says([`${repo}?ref=other&checksum=${commits['other']}`], /of other/);
  await says(['--build-arg', 'BUILDKIT_CONTEXT_KEEP_GIT_DIR=1', repo], /\.\/\.git\/HEAD/);
  await says([`${sources.url}/dumb/repo.git#other`], /of other/);
  const wrong = await build([`${repo}?ref=main&checksum=${commits['other']}`]);
  assert.match(wrong.err, new RegExp(`expected checksum to match ${commits['other']}, got ${commits['main']}`));
  for (const [address, words] of [
    [`${repo}#nosuch`, /failed to fetch remote .*couldn't find remote ref nosuch/s],
    [`${repo}#:nosuch`, /no such file or directory/],
    [`${repo}?nosuch=1`, /unexpected query "nosuch"/],
  ] as const) {
    const { code, err } = await build([address]);
    assert.equal(code, 1);
    assert.match(err, words);
  }
  assertNothingLeft();
});

test('a link in a repository leads to nothing of the host', async () => {
  const work = mkdtempSync(join(tmpdir(), 'gantry-link-'));
  try {
    const git = (...words: string[]) =>
      execFileSync('git', ['-C', work, '-c', 'user.name=a', '-c', 'user.email=a@b', ...words]);
    git('init', '-q', '-b', 'main');
    execFileSync('ln', ['-s', '/etc', join(work, 'out')]);
    execFileSync('ln', ['-s', '/', join(work, 'Dockerfile')]);
    git('add', '-A');
    git('commit', '-qm', 'x');
    const bundle = join(sources.repositories, 'hostile.git');
    execFileSync('git', ['clone', '-q', '--bare', work, bundle]);
    const { err } = await build([`${sources.url}/hostile.git#:out`]);
    assert.match(err, /no such file or directory/);
    const { err: other } = await build([`${sources.url}/hostile.git`]);
    assert.match(other, /failed to read dockerfile/);
  } finally {
    rmSync(work, { recursive: true });
  }
});

test('a private repository opens to the secret of the client, which is shown nowhere', async () => {
  sources.authorization = `basic ${Buffer.from('x-access-token:opensesame').toString('base64')}`;
  try {
    const closed = await build([`${sources.url}/repo.git`]);
    assert.equal(closed.code, 1);
    const env = { GIT_AUTH_TOKEN: 'opensesame' };
    const err = await says(['--secret', 'id=GIT_AUTH_TOKEN', `${sources.url}/repo.git`], /of main/, { env });
    assert.doesNotMatch(err, /opensesame/);
    writeFileSync(join(folder, 'Dockerfile'), `FROM conformance\nADD ${sources.url}/repo.git /r\nRUN cat /r/word\n`);
    await says(['--secret', 'id=GIT_AUTH_TOKEN', '.'], /of main/, { env });
  } finally {
    sources.authorization = '';
  }
  const named = await build([`${sources.url.replace('//', '//me:pass@')}/repo.git#nosuch`]);
  assert.match(named.err, /me:xxxxx@/);
  assert.doesNotMatch(named.err, /pass@/);
});

test('ADD of a repository leaves out what git keeps, or adds the same each time', async () => {
  const add = (flags: string) =>
    `FROM conformance\nADD ${flags} ${sources.url}/repo.git#other /r\nRUN ls -a /r; cat /r/word\n`;
  writeFileSync(join(folder, 'Dockerfile'), add(''));
  assert.doesNotMatch(await says(['.'], /of other/), / \.git\n/);
  writeFileSync(join(folder, 'Dockerfile'), add('--keep-git-dir=true'));
  await says(['--iidfile', 'one', '.'], / \.git\n/);
  await says(['--iidfile', 'two', '.'], / \.git\n/);
  assert.deepEqual(execFileSync('cat', [join(folder, 'one')]), execFileSync('cat', [join(folder, 'two')]));
});

test('named contexts from elsewhere', async () => {
  const text = 'FROM conformance\nCOPY --from=more . /more\nRUN ls -a /more\n';
  const more = (place: string) => ['-f', '-', '--build-context', `more=${place}`, '.'];
  await says(more(`${sources.url}/repo.git#other:sub`), / word\n/, { input: text });
  await says(more(`${sources.url}/context.tar`), / context\.tar\n/, { input: text });
  assertNothingLeft();
});

test('the classic builder fetches contexts too', async () => {
  const remote = async (address: string, query = '') => {
    const path = `/v1.50/build?nocache=1&remote=${encodeURIComponent(address)}${query}`;
    const { status, body } = await send(daemon.socket, { method: 'POST', path }, new Map());
    return { status, text: JSON.stringify(body) };
  };
  const { url } = sources;
  assert.match((await remote(`${url}/repo.git#other:sub`)).text, /of sub/);
  assert.match((await remote(`${url}/context.tar`)).text, /of an archive/);
  assert.match((await remote(`${url}/context.tar`, '&dockerfile=d/Dockerfile')).text, /other file/);
  assert.match((await remote(`${url}/alone`)).text, /alone/);
  assert.deepEqual(await remote('nowhere'), {
    status: 500,
    text: '{"message":"remoteURL (nowhere) could not be recognized as URL"}',
  });
  const missing = await remote(`${url}/missing`);
  assert.equal(missing.status, 404);
  assert.match(missing.text, /error downloading remote context .*\/missing: .*status 404/);
  assertNothingLeft();
});

for (const name of ['build.remote.fetched', 'build.remote.unpacked']) {
  test(`killed at ${name} the daemon leaves nothing of a context`, async () => {
    await daemon.stop('SIGKILL');
    await daemon.start({ env: { GANTRY_FAILPOINT: name } });
    assert.notEqual((await build([`${sources.url}/context.tar`])).code, 0);
    await daemon.exited();
    assert.equal(daemon.endedBy(), 'SIGKILL');
    await daemon.start();
    assertNothingLeft();
    await says([`${sources.url}/context.tar`], /of an archive/);
  });
}
