import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { send } from '../../conformance/call.ts';
import { contextTar } from '../../conformance/context.ts';
import { Engine } from '../container/engine.ts';

/** What lists say of images whose own times depend on their inputs alone. */
let engine: Engine;
before(async () => {
  engine = await Engine.open();
});
after(() => engine.daemon.purge());

async function build(name: string, query: string): Promise<string> {
  const body = contextTar({ Dockerfile: `FROM scratch\nCOPY file /\n`, file: 'text\n' });
  const call = { method: 'POST', path: `/v1.50/build?t=${name}&${query}`, body };
  await send(engine.daemon.socket, call, new Map());
  const { Created } = (await engine.expect(200, 'GET', `/images/${name}/json`)) as { Created: string };
  return Created;
}

async function listed(filters: object = {}): Promise<Map<string, number>> {
  const path = `/images/json?filters=${encodeURIComponent(JSON.stringify(filters))}`;
  const all = (await engine.expect(200, 'GET', path)) as { RepoTags: string[]; Created: number }[];
  return new Map(all.flatMap(({ RepoTags, Created }) => RepoTags.map((tag) => [tag, Created])));
}

const now = () => Date.now() / 1000;

test('a list shows when an image was built here, inspection what its config says', async () => {
  const began = Math.floor(now());
  assert.equal(await build('plain', ''), '1970-01-01T00:00:00Z');
  const first = (await listed()).get('plain:latest')!;
  assert.ok(first >= began && first <= now(), `${first}`);
  // Built again it is the same image, which was made before.
  await build('plain', 'nocache=1');
  assert.equal((await listed()).get('plain:latest'), first);
  const since = await listed({ until: ['1h'] });
  assert.equal(since.has('plain:latest'), false, 'it is no hour old');
  const pruned = await engine.expect(
    200,
    'POST',
    `/images/prune?filters=${encodeURIComponent('{"dangling":["false"],"until":["1h"]}')}`,
  );
  assert.ok(!JSON.stringify(pruned).includes('plain:latest'));
});

test('a time that is asked for is shown everywhere', async () => {
  const args = encodeURIComponent(JSON.stringify({ SOURCE_DATE_EPOCH: '1000000000' }));
  assert.equal(await build('epoch', `buildargs=${args}`), '2001-09-09T01:46:40Z');
  assert.equal((await listed()).get('epoch:latest'), 1_000_000_000);
});

test('without a rule for times the config has the hour of the build', async () => {
  const args = encodeURIComponent(JSON.stringify({ SOURCE_DATE_EPOCH: 'off' }));
  const began = Math.floor(now());
  const created = Date.parse(await build('off', `buildargs=${args}`)) / 1000;
  assert.ok(created >= began && created <= now());
  assert.equal((await listed()).get('off:latest'), created);
});
