import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { request } from 'node:http';
import { after, before, test } from 'node:test';
import { send } from '../../conformance/call.ts';
import { contextTar } from '../../conformance/context.ts';
import { Engine } from '../container/engine.ts';

let engine: Engine;
before(async () => {
  engine = await Engine.open();
});
after(() => engine.daemon.purge());

type Files = Readonly<Record<string, string>>;

interface Line {
  readonly stream?: string;
  readonly aux?: { readonly ID: string };
  readonly error?: string;
  readonly errorDetail?: { readonly code?: number; readonly message: string };
}

async function build(files: Files, query = ''): Promise<{ lines: Line[]; text: string; id: string | undefined }> {
  const call = { method: 'POST', path: `/v1.50/build?${query}`, body: contextTar(files) };
  const { body } = await send(engine.daemon.socket, call, new Map());
  const lines = (Array.isArray(body) ? body : [body]) as Line[];
  const text = lines.map(({ stream = '' }) => stream).join('');
  return { lines, text, id: lines.find(({ aux }) => aux)?.aux?.ID };
}

const TWO_STAGES = {
  'a.txt': 'hello\n',
  'dir/x': 'x',
  'dir/sub/y': 'y',
  Dockerfile: `ARG BASE=conformance
FROM $BASE AS build
WORKDIR /src
COPY a.txt dir ./
RUN cat a.txt > out && cat sub/y >> out && echo built
FROM conformance
ENV A=1
COPY --from=build /src/out /out
RUN <<EOF
cat /out
EOF
CMD ["cat", "/out"]
`,
};

test('two stages become an image that runs', async () => {
  const { text, id } = await build(TWO_STAGES, 't=built:one&t=built:two');
  assert.match(text, /^Step 1\/10 : ARG BASE=conformance\n ---> /);
  assert.match(text, /Step 5\/10 : RUN cat .*\n ---> Running in [0-9a-f]{12}\nbuilt\n ---> Removed intermediate/);
  assert.match(
    text,
    /Successfully built [0-9a-f]{12}\nSuccessfully tagged built:one\nSuccessfully tagged built:two\n$/,
  );
  const image = (await engine.expect(200, 'GET', '/images/built:one/json')) as {
    Id: string;
    Config: { Env: string[]; Cmd: string[] };
  };
  assert.equal(image.Id, id);
  assert.deepEqual(image.Config.Cmd, ['cat', '/out']);
  assert.ok(image.Config.Env.includes('A=1'));
  await engine.expect(201, 'POST', '/containers/create?name=reads', { Image: 'built:two' });
  await engine.expect(204, 'POST', '/containers/reads/start');
  assert.equal(await engine.wait('reads'), 0);
});

test('the same build again is in the cache, and a changed file is not', async () => {
  const first = await build(TWO_STAGES, 't=again');
  const second = await build(TWO_STAGES, 't=again');
  assert.equal(second.id, first.id);
  assert.doesNotMatch(second.text, /Running in/);
  assert.equal(second.text.match(/Using cache/g)?.length, 6);
  const changed = await build({ ...TWO_STAGES, 'a.txt': 'bye\n' }, 't=again');
  assert.match(changed.text, /Running in/);
  assert.notEqual(changed.id, first.id);
});

test('images that are named as the cache are all of it', async () => {
  await build(TWO_STAGES, 't=named');
  const query = (...names: string[]) => `cachefrom=${encodeURIComponent(JSON.stringify(names))}`;
  assert.match((await build(TWO_STAGES, query('nosuch', 'named'))).text, /Using cache/);
  assert.doesNotMatch((await build(TWO_STAGES, query('nosuch'))).text, /Using cache/);
});

test('what is said between two steps was in the cache if the step behind it was', async () => {
  const file = (word: string) => `FROM conformance
ENV WORD=said
RUN touch /one
LABEL word=${word}
RUN echo ${word} > /two
CMD ["true"]
`;
  await build({ Dockerfile: file('one') });
  const again = await build({ Dockerfile: file('one') });
  for (const step of ['2/6 : ENV', '3/6 : RUN', '4/6 : LABEL', '5/6 : RUN'])
    assert.match(again.text, new RegExp(`Step ${step} .*\\n ---> Using cache`));
  const changed = await build({ Dockerfile: file('two') });
  assert.match(changed.text, /Step 3\/6 : .*\n ---> Using cache\n ---> \w{12}\nStep 4\/6 : .*\n ---> \w{12}\nStep 5/);
  assert.match(changed.text, /Step 5\/6 : .*\n ---> Running in/);
});

test('a copy from a stage that changed elsewhere is in the cache', async () => {
  const file = (word: string) => `FROM conformance AS from
RUN echo ${word} > /word && echo same > /same
FROM conformance
COPY --from=from /same /
RUN echo expensive
`;
  await build({ Dockerfile: file('one') });
  const { text } = await build({ Dockerfile: file('two') });
  assert.match(text, /Step 4\/5 : .*\n ---> Using cache/);
  assert.match(text, /Step 5\/5 : RUN echo expensive\n ---> Using cache/);
  assert.match(text, /Step 2\/5 : .*\n ---> Running in/);
});

test('without the cache the same files give the same image', async () => {
  const [first, second] = [await build(TWO_STAGES, 'nocache=1'), await build(TWO_STAGES, 'nocache=1')];
  assert.match(second.text, /Running in/);
  assert.equal(second.id, first.id);
});

test('a command that fails ends the build with its exit code, and nothing is left', async () => {
  const { lines } = await build({ Dockerfile: 'FROM conformance\nRUN exit 3\n' });
  assert.deepEqual(lines.at(-1)!.errorDetail, {
    code: 3,
    message: "The command '/bin/sh -c exit 3' returned a non-zero code: 3",
  });
  const containers = (await engine.expect(200, 'GET', '/containers/json?all=1')) as { Names: string[] }[];
  assert.deepEqual(
    containers.filter(({ Names }) => !Names.includes('/reads')),
    [],
  );
});

test('the result of a quiet build is the id alone', async () => {
  const { lines, text } = await build(TWO_STAGES, 'q=1');
  assert.equal(lines.length, 1);
  assert.match(text, /^sha256:[0-9a-f]{64}\n$/);
});

test('mounts, owners and modes', async () => {
  const { text, lines } = await build({
    'script.sh': 'echo from the context\n',
    Dockerfile: `FROM conformance AS data
RUN mkdir -m 700 /data && chown user /data && echo of a stage > /data/file
FROM conformance
RUN --mount=type=bind,source=script.sh,target=/s.sh --mount=from=data,source=/data,target=/mnt/data \\
  sh /s.sh && cat /mnt/data/file
RUN ls /mnt /s.sh; echo left: $?
RUN --mount=type=cache,target=/cache echo kept >> /cache/log && wc -l < /cache/log
RUN --mount=type=tmpfs,target=/t touch /t/x && ls /t
COPY --chown=user:extra --chmod=640 script.sh /owned
RUN stat -c '%U:%G %a' /owned
COPY --from=data /data /new
COPY --from=data --chown=user --chmod=711 /data /changed
RUN stat -c '%n %U %a' /new /changed
USER user
WORKDIR /home/user/work
RUN stat -c '%U %a' . && id -un
`,
  });
  assert.equal(lines.at(-1)!.error, undefined);
  assert.match(text, /from the context\nof a stage\n/);
  assert.match(text, /left: 1\n/);
  assert.match(text, /user:extra 640\n/);
  // Docker: a folder made for the contents of another one has nothing of that one's own.
  assert.match(text, /\/new root 755\n\/changed user 711\n/);
  assert.match(text, /user 755\nuser\n/);
});

test('a client that leaves ends its build, and nothing is left', async () => {
  const { socket, execRoot, dataRoot } = engine.daemon;
  const body = contextTar({ Dockerfile: 'FROM conformance\nRUN sleep 1000\n' });
  const leaving = request({ socketPath: socket, method: 'POST', path: '/v1.50/build' });
  leaving.on('error', () => {});
  leaving.end(body);
  const folders = [`${execRoot}/monitors`, `${dataRoot}/build/steps`, `${dataRoot}/build/contexts`];
  const before = readdirSync(folders[0]!);
  await until(() => readdirSync(folders[1]!).length > 0 && readdirSync(folders[0]!).length > before.length);
  leaving.destroy();
  await until(() => folders.slice(1, 3).every((folder) => readdirSync(folder).length === 0));
  await until(() => readdirSync(folders[0]!).length === before.length);
});

async function until(isSo: () => boolean): Promise<void> {
  for (const end = Date.now() + 30_000; !isSo(); await new Promise((wake) => setTimeout(wake, 50))) {
    assert.ok(Date.now() < end, 'it does not come about');
  }
}

test('the cache is listed and pruned', async () => {
  await build(TWO_STAGES);
  const usage = (await engine.expect(200, 'GET', '/system/df?type=build-cache')) as { BuildCache: { Type: string }[] };
  assert.ok(usage.BuildCache.length >= 5);
  const pruned = (await engine.expect(200, 'POST', '/build/prune?all=1')) as { CachesDeleted: string[] };
  // Among them is the mount that a test above has kept something in.
  assert.ok(usage.BuildCache.some(({ Type }) => Type === 'exec.cachemount'));
  assert.equal(pruned.CachesDeleted.length, usage.BuildCache.length);
  assert.deepEqual(readdirSync(`${engine.daemon.dataRoot}/build/mounts`), []);
  assert.match((await build(TWO_STAGES)).text, /Running in/);
});
