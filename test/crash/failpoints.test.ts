import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { TestDaemon } from '../harness/daemon.ts';
import { startDaemon } from '../harness/daemon.ts';
import { settled } from '../harness/invariants.ts';
import { failpoints } from './failpoints.ts';
import { Refused, Told, wholeLife } from './scenario.ts';

/**
 * Arms each failpoint, lets the daemon die there in the middle of a container's life, starts it again, and asks whether
 * all that was acknowledged is there and nothing else is.
 */
describe('kill -9 after every effect', () => {
  const names = failpoints();
  let daemon: TestDaemon;
  before(async () => {
    daemon = await startDaemon();
  });
  after(() => daemon.destroy());

  test('there are at least sixty', () => assert.ok(names.length >= 60, `${names.length}: ${names.join(' ')}`));

  for (const [index, name] of names.entries()) {
    test(name, async () => {
      await daemon.stop('SIGKILL');
      const told = new Told();
      let reached = true;
      try {
        await daemon.start({ env: { GANTRY_FAILPOINT: name } });
        await wholeLife(daemon, told, `n${index}`);
        reached = false;
      } catch (error) {
        if (error instanceof Refused) throw error;
      }
      assert.ok(reached, `the scenario does not pass ${name}`);
      await daemon.stop('SIGKILL');
      await daemon.start({});
      assert.deepEqual(await settled(daemon, told.list()), []);
      await daemon.stop('SIGKILL');
      await daemon.start({});
      assert.deepEqual(await settled(daemon, told.list(), 2000), []);
      await removeAll(daemon);
      assert.deepEqual(await settled(daemon, []), []);
    });
  }
});

async function removeAll(daemon: TestDaemon): Promise<void> {
  const { api, listAll } = await import('../harness/api.ts');
  for (const { Id } of await listAll(daemon.socket)) {
    const { status, body } = await api(daemon.socket, 'DELETE', `/containers/${Id}?force=1&v=1`);
    assert.ok(status < 300 || status === 404, JSON.stringify(body));
  }
}
