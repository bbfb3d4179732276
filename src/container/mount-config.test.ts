import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Mount } from '#api';
import { assertOptionsFit, mountFault } from './mount-config.ts';

const fault = (mount: Mount) => mountFault(mount, (path) => path === '/tmp');

test('wrong mounts are refused in the words of Docker', () => {
  const cases: [Mount, string][] = [
    [{ Type: 'bind', Source: '/nope', Target: '/x' }, 'bind source path does not exist: /nope'],
    [{ Type: 'bind', Source: 'rel', Target: '/x' }, "invalid mount path: 'rel' mount path must be absolute"],
    [{ Type: 'bind', Target: '/x' }, 'field Source must not be empty'],
    [{ Type: 'bind', Source: '/tmp' }, 'field Target must not be empty'],
    [{ Type: 'volume', Target: 'x' }, "invalid mount path: 'x' mount path must be absolute"],
    [{ Type: 'foo', Target: '/x' }, 'mount type unknown'],
    [{ Type: 'npipe', Target: '/x' }, 'mount type unknown'],
    [{ Type: 'tmpfs', Source: 'a', Target: '/x' }, 'field Source must not be specified'],
    [{ Type: 'tmpfs', Target: '/' }, "invalid specification: destination can't be '/'"],
    [
      { Type: 'bind', Source: '/tmp', Target: '/x', BindOptions: { Propagation: 'foo' } },
      'invalid propagation mode: foo',
    ],
    [
      { Type: 'volume', Target: '/x', VolumeOptions: { Subpath: '../a' } },
      'must not set Subpath when using anonymous volumes',
    ],
    [{ Type: 'volume', Target: '/x', ReadOnly: true }, 'must not set ReadOnly mode when using anonymous volumes'],
    [
      { Type: 'volume', Source: 'v', Target: '/x', VolumeOptions: { Subpath: '../a' } },
      'subpath must be a relative path within the volume',
    ],
  ];
  for (const [mount, text] of cases) {
    assert.equal(fault(mount), `invalid mount config for type "${mount.Type}": ${text}`);
  }
});

test('good mounts pass', () => {
  const good: Mount[] = [
    { Type: 'bind', Source: '/tmp', Target: '/x', ReadOnly: true, BindOptions: { Propagation: 'rslave' } },
    { Type: 'bind', Source: '/nope', Target: '/x', BindOptions: { CreateMountpoint: true } },
    { Type: 'volume', Target: '/x' },
    { Type: 'volume', Source: 'v', Target: '/x', VolumeOptions: { Subpath: 'a/../b' } },
    { Type: 'tmpfs', Target: '/x', TmpfsOptions: { SizeBytes: 1 } },
  ];
  for (const mount of good) assert.equal(fault(mount), undefined);
});

test('options of another type are refused', () => {
  const refuse = (mount: Mount, message: string) =>
    assert.throws(() => assertOptionsFit(mount), { message, kind: 'invalid-argument' });
  refuse({ Type: 'bind', VolumeOptions: {} }, 'VolumeOptions must not be specified on mount type "bind"');
  refuse({ Type: 'volume', BindOptions: {} }, 'BindOptions must not be specified on mount type "volume"');
  refuse({ Type: 'volume', TmpfsOptions: {} }, 'TmpfsOptions must not be specified on mount type "volume"');
});
