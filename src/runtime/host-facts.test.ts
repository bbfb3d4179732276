import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostWarnings } from './host-facts.ts';
import { FACTS } from './spec/testing.ts';

test('a host that can limit everything has no warnings', () => assert.deepEqual(hostWarnings(FACTS), []));

test('warnings in the order and words of docker info, v1', () => {
  const facts = { ...FACTS, swapLimit: false, cpuCfs: false, blkioReadBps: false, ipv4Forwarding: false };
  assert.deepEqual(hostWarnings(facts), [
    'WARNING: No swap limit support',
    'WARNING: No cpu cfs quota support',
    'WARNING: No cpu cfs period support',
    'WARNING: No blkio throttle.read_bps_device support',
    'WARNING: IPv4 forwarding is disabled',
  ]);
});

test('v2 does not miss what it never had', () => {
  const facts = { ...FACTS, cgroupVersion: 2 as const, oomKillDisable: false, kernelMemoryTcp: false };
  assert.deepEqual(hostWarnings({ ...facts, blkioWriteIops: false }), [
    'WARNING: No io.weight support',
    'WARNING: No io.weight (per device) support',
    'WARNING: No io.max (wiops) support',
  ]);
});
