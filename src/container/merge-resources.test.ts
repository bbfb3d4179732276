import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HostConfig, UpdateConfig } from '#api';
import { zero } from '#schema';
import { mergeResources } from './merge-resources.ts';

const host = (given: Partial<HostConfig> = {}): HostConfig => ({ ...zero(HostConfig), ...given });
const merge = (current: HostConfig, given: Partial<UpdateConfig>) => {
  const { RestartPolicy, ...resources } = { ...zero(UpdateConfig), ...given };
  return mergeResources(current, { resources, policy: RestartPolicy });
};

test('what is not given stays, and what update cannot change too', () => {
  const current = host({ Memory: 64, MemorySwap: 128, PidsLimit: 5, Ulimits: null });
  const merged = merge(current, { Memory: 100, Ulimits: [{ Name: 'nofile', Soft: 1, Hard: 1 }] });
  assert.deepEqual(merged, { ...current, Memory: 100 });
  assert.equal(merge(current, { PidsLimit: -1 }).PidsLimit, -1);
});

test('limits that exclude each other are refused whichever came first', () => {
  assert.throws(() => merge(host({ CpuQuota: 1000 }), { NanoCpus: 1 }), /Nano CPUs cannot be updated as CPU Quota/);
  assert.throws(() => merge(host({ NanoCpus: 1 }), { CpuPeriod: 1000 }), /CPU Period cannot be updated as NanoCPUs/);
  assert.throws(() => merge(host({ Memory: 64, MemorySwap: 128 }), { Memory: 129 }), /update the memoryswap/);
  assert.equal(merge(host({ CpuQuota: -1 }), { NanoCpus: 1 }).NanoCpus, 1);
});

test('a restart policy does not go with --rm', () => {
  const always = { Name: 'always', MaximumRetryCount: 0 };
  assert.throws(() => merge(host({ AutoRemove: true }), { RestartPolicy: always }), { kind: 'conflict' });
  assert.deepEqual(merge(host(), { RestartPolicy: always }).RestartPolicy, always);
});
