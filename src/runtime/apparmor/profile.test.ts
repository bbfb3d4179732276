import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderProfile } from './profile.ts';

test('the default profile lets a container be, and keeps it from the host', () => {
  const lines = renderProfile('gantry-default').split('\n');
  assert.equal(lines[0], 'profile gantry-default flags=(attach_disconnected,mediate_deleted) {');
  for (const rule of [
    'network,',
    'deny network alg,',
    'capability,',
    'file,',
    'deny mount,',
    'deny /proc/* w,',
    'deny /proc/sys/[^k]** w,',
    'deny /proc/kcore rwklx,',
    'deny /sys/firmware/** rwklx,',
    'signal (receive) peer=unconfined,',
    'ptrace (trace, read, tracedby, readby) peer=gantry-default,',
  ]) {
    assert.ok(lines.includes(`  ${rule}`), rule);
  }
});
