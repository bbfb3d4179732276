import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Container, ContainerMount } from '../record.ts';
import { diagnose } from './diagnose.ts';
import type { End, Facts } from './facts.ts';

const TIME = '2024-01-01T00:00:00Z';
const END: End = { startedAt: TIME, finishedAt: TIME, exitCode: 1, oomKilled: false, stopped: false, error: '' };

function facts(given: Partial<Omit<Facts, 'container'>> & { container?: object; host?: object } = {}): Facts {
  const hostConfig = { Memory: 0, RestartPolicy: { Name: 'no', MaximumRetryCount: 0 }, ReadonlyRootfs: false };
  const container = {
    name: 'web',
    status: 'exited',
    error: '',
    oomKilled: false,
    restartCount: 0,
    startedAt: TIME,
    mounts: [],
    spec: { config: {}, hostConfig: { ...hostConfig, ...given.host } },
    ...given.container,
  };
  return {
    ends: [END],
    log: [],
    ports: [],
    disk: { path: '/d', free: 1e9, size: 1e10 },
    restartAt: undefined,
    denies: () => false,
    ...given,
    container: container as unknown as Container,
  };
}

const codes = (given: Parameters<typeof facts>[0]) => diagnose(facts(given)).map(({ Code }) => Code);

test('the error of a start is read', () => {
  const oci = 'OCI runtime create failed: runc create failed: unable to start container process: error during init: ';
  const cases: [string, string][] = [
    [`${oci}exec: "x": executable file not found in $PATH`, 'command-not-found'],
    [`${oci}exec: "/x": stat /x: no such file or directory`, 'command-not-found'],
    [`${oci}exec: "/etc": is a directory: permission denied`, 'command-not-executable'],
    [`${oci}exec: "/x": exec format error`, 'command-not-executable'],
    ['unable to find user nobody2: no matching entries in passwd file', 'missing-user'],
    ['error gathering device information while adding custom device "/dev/x": no such file', 'missing-device'],
    ['Bind for 0.0.0.0:80 failed: port is already allocated', 'port-taken'],
    ['invalid mount config for type "bind": bind source path does not exist: /no', 'mount-failed'],
    [`${oci}error mounting "/a" to rootfs at "/b": mount src=/a, dst=/b: not a directory`, 'mount-failed'],
    ['cannot join network namespace of a non running container: container db is exited', 'peer-down'],
    ['write /d/x: no space left on device', 'disk-full'],
    ['something else', 'start-failed'],
  ];
  for (const [error, code] of cases) assert.deepEqual(codes({ container: { error } }), [code], error);
});

test('complaints in the log are read, the newest of a kind counts', () => {
  const mounts = [{ type: 'bind', destination: '/conf', rw: false } as ContainerMount];
  const cases: [string, string, RegExp][] = [
    [
      'app: error while loading shared libraries: libz.so.1: cannot open shared object file',
      'missing-library',
      /libz\.so\.1/,
    ],
    [
      'Error loading shared library libssl.so.3: No such file or directory (needed by /app)',
      'missing-library',
      /libssl/,
    ],
    ["touch: cannot touch '/conf/x': Read-only file system", 'read-only', /mount at \/conf/],
    ['write error: No space left on device', 'disk-full', /\/d has/],
    ["can't open '/dev/kvm': No such file or directory", 'missing-device', /\/dev\/kvm/],
    ['unshare: Operation not permitted', 'seccomp', /unshare/],
    ['chown: x: Operation not permitted', 'not-permitted', /capability/],
  ];
  for (const [line, code, words] of cases) {
    const [first] = diagnose(
      facts({ log: ['older', line], container: { mounts }, denies: (name) => name === 'unshare' }),
    );
    assert.equal(first?.Code, code, line);
    assert.match(first?.Summary ?? '', words);
  }
});

test('what the kernel says comes before what the program says, the loop after both', () => {
  const policy = { RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 3 } };
  const log = ['unlink: Read-only file system'];
  const container = { restartCount: 3, oomKilled: true };
  assert.deepEqual(codes({ host: policy, container, log, ends: [{ ...END, exitCode: 137, oomKilled: true }] }), [
    'out-of-memory',
    'read-only',
    'restart-loop',
  ]);
});

test('an end that was meant is no fault, whatever the program complained of before', () => {
  const log = ['x: Operation not permitted'];
  assert.deepEqual(codes({ log, ends: [{ ...END, exitCode: 0 }] }), ['finished']);
  assert.deepEqual(codes({ log, ends: [{ ...END, exitCode: 137, stopped: true }] }), ['stopped']);
  assert.deepEqual(codes({ ends: [{ ...END, exitCode: 139 }] }), ['killed-by-signal']);
  assert.deepEqual(codes({ ends: [{ ...END, exitCode: 159 }] }), ['seccomp']);
  assert.deepEqual(codes({ ends: [{ ...END, exitCode: 3 }] }), ['exit-code']);
  assert.deepEqual(codes({ ends: [], container: { status: 'created' } }), ['never-started']);
});
