import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import { Engine, eventually } from './engine.ts';

let engine: Engine;
before(async () => {
  engine = await Engine.open();
});
after(() => engine.destroy());

const REFUSAL = 'refused by the test';

/** While it is not disposed of, the database refuses to hold that a container has come to this status. */
function refuse(status: string): Disposable {
  const change = (sql: string) => {
    using db = new DatabaseSync(join(engine.daemon.dataRoot, 'gantry.db'), { timeout: 5000 });
    db.exec(sql);
  };
  change(`CREATE TRIGGER refusal BEFORE UPDATE OF status ON containers WHEN NEW.status = '${status}'
    BEGIN SELECT RAISE(ABORT, '${REFUSAL}'); END`);
  return { [Symbol.dispose]: () => change('DROP TRIGGER refusal') };
}

const waitFor = async (name: string, condition: string) =>
  await engine.call('POST', `/containers/${name}/wait?condition=${condition}`);

test('a life that cannot be put on record is ended, and who waits for its end is told', async () => {
  await engine.create('lost', ['sleep', '1000']);
  const end = waitFor('lost', 'next-exit');
  {
    using _ = refuse('running');
    await engine.expect(204, 'POST', '/containers/lost/start');
    assert.deepEqual((await end).body, { StatusCode: 128, Error: { Message: REFUSAL } });
  }
  const state = await engine.state('lost');
  assert.deepEqual([state.Status, state.Error], ['created', REFUSAL]);
  await engine.expect(204, 'POST', '/containers/lost/start');
  assert.equal((await engine.state('lost')).Status, 'running');
  await engine.remove('lost');
});

test('one of --rm is removed then, whether it still runs or has ended', async () => {
  for (const script of ['sleep 1000', 'exit 3']) {
    await engine.create('brief', ['sh', '-c', script], { AutoRemove: true });
    const removal = waitFor('brief', 'removed');
    using _ = refuse('running');
    await engine.expect(204, 'POST', '/containers/brief/start');
    assert.deepEqual((await removal).body, { StatusCode: 128 });
    await eventually('removed', async () => (await engine.call('GET', '/containers/brief/json')).status === 404);
  }
});

test('a restart whose life cannot be put on record fails', async () => {
  await engine.run('again', ['sleep', '1000']);
  // On record only after the answer.
  await eventually('running', async () => (await engine.state('again')).Status === 'running');
  using _ = refuse('running');
  const reply = await engine.call('POST', '/containers/again/restart?t=0');
  assert.deepEqual([reply.status, reply.body], [500, { message: `Cannot restart container again: ${REFUSAL}` }]);
  assert.equal((await engine.state('again')).Status, 'exited');
  await engine.remove('again');
});

test('an end that cannot be put on record at once is later, with its code', async () => {
  await engine.create('ends', ['sh', '-c', 'exit 5']);
  const end = waitFor('ends', 'next-exit');
  {
    using _ = refuse('exited');
    await engine.expect(204, 'POST', '/containers/ends/start');
    await eventually('refused', async () => engine.daemon.log().includes('exit not recorded'));
    assert.equal((await engine.state('ends')).Status, 'running');
  }
  assert.deepEqual((await end).body, { StatusCode: 5 });
  assert.equal((await engine.state('ends')).ExitCode, 5);
  await engine.remove('ends');
});
