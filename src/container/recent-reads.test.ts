import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RecentReads } from './recent-reads.ts';
import type { Container } from './record.ts';
import type { ContainerRows } from './store.ts';

test('the same objects until something is written', () => {
  let [changes, reads] = [1, 0];
  const counted = <T>(value: T): T => {
    reads++;
    return value;
  };
  const rows = {
    resolve: (reference: string) => `id-of-${reference}`,
    get: (id: string) => counted({ id } as Container),
    list: () => counted([{ id: 'a' } as Container]),
  } as unknown as ContainerRows;
  const recent = new RecentReads(rows, () => changes);
  const [one, all] = [recent.read('a'), recent.list()];
  assert.equal(recent.read('a'), one);
  assert.equal(recent.list(), all);
  assert.equal(reads, 2);
  changes++;
  assert.notEqual(recent.read('a'), one);
  assert.notEqual(recent.list(), all);
});
