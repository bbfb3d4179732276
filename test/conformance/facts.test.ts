import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { TestDaemon } from '../harness/daemon.ts';
import { startDaemon } from '../harness/daemon.ts';
import type { Call } from './call.ts';
import { CASES } from './cases/index.ts';
import { importImage } from './image.ts';
import type { Fact } from './replay.ts';
import { replay } from './replay.ts';

/** Replays every recorded call against gantryd: status, content type and body must be what dockerd answered. */
let daemon: TestDaemon;
before(async () => {
  daemon = await startDaemon();
  await importImage(daemon.socket);
});
after(() => daemon.destroy());

function onPurpose(fact: Fact, call: Call | undefined): Fact {
  return call?.ours ? { ...fact, status: call.ours.status, body: call.ours.body } : fact;
}

for (const [group, cases] of Object.entries(CASES)) {
  const facts = JSON.parse(readFileSync(join(import.meta.dirname, 'facts', `${group}.json`), 'utf8')) as Record<
    string,
    Fact[]
  >;
  describe(group, () => {
    for (const each of cases) {
      test(each.name, async () => {
        const seen = await replay(daemon.socket, each);
        const expected = facts[each.name];
        assert.ok(expected, 'no fact recorded: run test/conformance/record.ts against a real dockerd');
        const wanted = expected.map((fact, i) => onPurpose(fact, each.calls[i]));
        assert.deepEqual(JSON.parse(JSON.stringify(seen)), JSON.parse(JSON.stringify(wanted)));
      });
    }
  });
}
