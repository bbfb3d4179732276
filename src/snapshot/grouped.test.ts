import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Grouped } from './grouped.ts';

test('who asks while it runs shares one run that begins after the asking', async () => {
  const gates: PromiseWithResolvers<void>[] = [];
  const grouped = new Grouped(() => {
    const gate = Promise.withResolvers<void>();
    gates.push(gate);
    return gate.promise;
  });
  const first = grouped.run();
  const later = [grouped.run(), grouped.run(), grouped.run()];
  assert.equal(gates.length, 1);
  gates[0]!.resolve();
  await first;
  await new Promise(setImmediate);
  assert.equal(gates.length, 2);
  gates[1]!.resolve();
  await Promise.all(later);
  const last = grouped.run();
  assert.equal(gates.length, 3);
  gates[2]!.reject(new Error('disk'));
  await assert.rejects(last, /disk/);
  const again = grouped.run();
  gates[3]!.resolve();
  await again;
});
