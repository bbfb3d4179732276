import assert from 'node:assert/strict';
import { test } from 'node:test';
import { verdict } from './filter-verdict.ts';
import { jailFilter } from './syscalls.ts';

const ALLOW = 0x7fff0000;
const EPERM = 0x00050001;

test('files are allowed; programs, sockets, mounts and processes are not', () => {
  for (const [arch, write, openat] of [
    ['x64', 1, 257],
    ['arm64', 64, 56],
  ] as const) {
    assert.equal(verdict(arch, write), ALLOW);
    assert.equal(verdict(arch, openat), ALLOW);
  }
  // execve, execveat, socket, connect, mount, umount2, chroot, ptrace, kill, unshare, setns, open_by_handle_at, io_uring_setup, bpf
  for (const number of [59, 322, 41, 42, 165, 166, 161, 101, 62, 272, 308, 304, 425, 321])
    assert.equal(verdict('x64', number), EPERM);
  for (const number of [221, 281, 198, 203, 40, 39, 51, 117, 129, 97, 268, 265, 425, 280])
    assert.equal(verdict('arm64', number), EPERM);
});

test('clone makes threads only, clone3 is not there, foreign architectures kill', () => {
  assert.equal(verdict('x64', 56, 0x10000), ALLOW);
  assert.equal(verdict('x64', 56, 17), EPERM);
  assert.equal(verdict('arm64', 220, 17), EPERM);
  assert.equal(verdict('x64', 435), 0x00050026);
  assert.equal(verdict('x64', 1, 0, 0x40000003), 0x80000000);
  assert.equal(verdict('x64', 0x40000001), EPERM, 'x32');
  assert.throws(() => jailFilter('mips'));
});
