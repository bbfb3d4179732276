import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { BuildEngine } from './engine.ts';

let engine: BuildEngine;
before(async () => {
  engine = await BuildEngine.open();
});
after(() => engine[Symbol.asyncDispose]());

const OPTIONS = { all: false, reservedSpace: 0, maxUsedSpace: 0, minFreeSpace: 0 };
const mounts = () => engine.engine.builder.diskUsage().filter(({ type }) => type === 'exec.cachemount');

/** They are measured when nobody waits for it. */
async function measured(count: number) {
  for (let n = 0; n < 100; n++) {
    const found = mounts();
    if (found.length === count && found.every(({ size, inUse }) => size > 0 && !inUse)) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return mounts();
}

test('cache mounts are shown with what they hold, and removed as filters say', async () => {
  const dockerfile = `FROM conformance
RUN --mount=type=cache,target=/one,id=named echo 12345 > /one/file; ln -s /etc /one/link
RUN --mount=type=cache,target=/two,sharing=private echo 1 > /two/file
`;
  await engine.build(dockerfile);
  const [one, two] = (await measured(2)).sort((a, b) => b.size - a.size);
  assert.match(one!.description, /^cached mount \/one from exec \/bin\/sh -c echo 12345 .* with id "named"$/);
  assert.equal(one!.size, 6);
  assert.equal(one!.usageCount, 1);
  assert.match(two!.description, /^cached mount \/two from exec/);
  const prune = (filters: Record<string, string[]>) =>
    engine.engine.builder.prune({ ...OPTIONS, filters: new Map(Object.entries(filters)) });
  const steps = () => engine.engine.builder.diskUsage().length - mounts().length;
  const before = steps();
  assert.deepEqual((await prune({ id: [two!.id, 'none'] })).removed, [two]);
  const { removed, reclaimed } = await prune({ type: ['exec.cachemount'] });
  assert.deepEqual([removed, reclaimed], [[one], 6]);
  assert.deepEqual([mounts(), steps()], [[], before]);
});

test('a mount that a step uses stays', async () => {
  const left = new AbortController();
  const building = engine.build('FROM conformance\nRUN --mount=type=cache,target=/used echo x > /used/x; sleep 60\n', {
    signal: left.signal,
  });
  const failed = assert.rejects(building);
  for (let n = 0; n < 200 && mounts().length === 0; n++) await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(mounts()[0]!.inUse, true);
  const { removed } = await engine.engine.builder.prune({
    ...OPTIONS,
    filters: new Map([['type', ['exec.cachemount']]]),
  });
  assert.deepEqual(removed, []);
  left.abort(new Error('enough'));
  await failed;
});

test('a cache begins with the files of a stage, once', async () => {
  const dockerfile = (text: string) => `FROM conformance AS seed
RUN mkdir -p /seed/inner && echo ${text} > /seed/inner/file && chown -R 7:8 /seed && chmod 700 /seed/inner
FROM conformance
RUN --mount=type=cache,target=/c,from=seed,source=/seed cat /c/inner/file; stat -c '%u:%g %a' /c/inner; echo more >> /c/inner/file
RUN --mount=type=cache,target=/c,from=seed,source=/seed cat /c/inner/file
`;
  const { heard } = await engine.build(dockerfile('first'));
  assert.match(heard.log, /^first\n7:8 700\nfirst\nmore\n$/);
  const other = await engine.build(dockerfile('other'), { request: { noCache: 'all' } });
  assert.match(other.heard.log, /^other\n/);
  const file =
    'FROM conformance AS seed\nRUN echo x > /f\nFROM conformance\nRUN --mount=type=cache,target=/c,from=seed,source=/f ls\n';
  await assert.rejects(engine.build(file), /is no directory/);
});
