import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cpuPercent, memoryUsed } from './stats-list.ts';

const cpu = (total: number, system: number, online = 2) => ({
  cpu_usage: { total_usage: total, usage_in_kernelmode: 0, usage_in_usermode: 0 },
  system_cpu_usage: system,
  online_cpus: online,
  throttling_data: { periods: 0, throttled_periods: 0, throttled_time: 0 },
});

test('percent of one processor between two looks', () => {
  assert.equal(cpuPercent(cpu(150, 1200), cpu(100, 1000)), 50);
  assert.equal(cpuPercent(cpu(100, 1000), cpu(100, 1000)), 0);
  assert.equal(cpuPercent(cpu(50, 1200), cpu(100, 1000)), 0);
});

test('memory without what the kernel may drop, by the name of either cgroup version', () => {
  assert.equal(memoryUsed({ usage: 100, stats: { total_inactive_file: 30, inactive_file: 5 } }), 70);
  assert.equal(memoryUsed({ usage: 100, stats: { inactive_file: 40 } }), 60);
  assert.equal(memoryUsed({ usage: 100, stats: { inactive_file: 400 } }), 100);
  assert.equal(memoryUsed({}), 0);
});
