import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemdProperties } from './systemd-properties.ts';

test('limits become properties of the scope', () => {
  const resources = {
    memory: { limit: 64 << 20, swap: 64 << 20, reservation: 32 << 20 },
    cpu: { quota: 50_000, period: 100_000, shares: 1024 },
    pids: { limit: 50 },
  };
  assert.deepEqual(systemdProperties(resources), {
    'org.systemd.property.MemoryMax': 'uint64 67108864',
    'org.systemd.property.MemorySwapMax': 'uint64 0',
    'org.systemd.property.MemoryLow': 'uint64 33554432',
    'org.systemd.property.CPUQuotaPerSecUSec': 'uint64 500000',
    'org.systemd.property.CPUQuotaPeriodUSec': 'uint64 100000',
    'org.systemd.property.CPUWeight': 'uint64 39',
    'org.systemd.property.TasksMax': 'uint64 50',
  });
});

test('no limit is told as such, what was not asked for is left to systemd', () => {
  assert.deepEqual(systemdProperties({ memory: { swap: -1 }, pids: { limit: -1 } }), {
    'org.systemd.property.MemorySwapMax': 'uint64 18446744073709551615',
    'org.systemd.property.TasksMax': 'uint64 18446744073709551615',
  });
  assert.deepEqual(systemdProperties({}), {});
});
