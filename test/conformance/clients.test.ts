import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { TestDaemon } from '../harness/daemon.ts';
import { startDaemon } from '../harness/daemon.ts';
import type { Line } from './clients/client.ts';
import { runClient } from './clients/client.ts';
import { CLIENTS } from './clients/index.ts';

/** What clients see on gantryd is what they saw on a real dockerd, step by step. */
let daemon: TestDaemon;
before(async () => {
  daemon = await startDaemon();
});
after(() => daemon.destroy());

describe('clients', () => {
  for (const client of CLIENTS) {
    test(client.name, { skip: client.lacks }, async (t) => {
      const path = join(import.meta.dirname, `facts/client-${client.name}.json`);
      const facts = JSON.parse(readFileSync(path, 'utf8')) as Line[];
      const seen = await runClient(client, daemon.socket);
      for (const [i, fact] of facts.entries()) await t.test(fact.step, () => assert.deepEqual(seen[i], fact));
      assert.equal(seen.length, facts.length);
    });
  }
});
