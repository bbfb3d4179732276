import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sysctlProblem } from './sysctls.ts';

test('settings of an interface name it by a placeholder, in either case, and nothing else', () => {
  for (const good of [
    'net.ipv4.conf.IFNAME.log_martians=1',
    'net.ipv6.neigh.ifname.base_reachable_time_ms=9,net.mpls.conf.IFNAME.input=1',
  ]) {
    assert.equal(sysctlProblem(good), undefined);
  }
  for (const bad of [
    '',
    'net.ipv4.conf.eth0.x=1',
    'net.ipv4.conf.IFNAME./../../x=1',
    'net.core.somaxconn=1',
    'kernel.x=1',
  ]) {
    assert.match(sysctlProblem(bad)!, /^unrecognised network interface sysctl/);
  }
});
