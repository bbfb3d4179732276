import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errnoText, execErrorText, runtimeMessage, startErrorText } from './start-error.ts';

const log = (msg: string) => `${JSON.stringify({ msg, level: 'error', time: '2026-01-01T00:00:00Z' })}\n`;
const PREFIX =
  'failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: ';
const INIT = `${PREFIX}error during container init: `;
const attempt = (program: string) => ({ args: [program], cwd: '/' });

// As dockerd 28 says it, for what crun 1.8.1 says.
const starts: [string, string, string][] = [
  [
    'executable file `x` not found in $PATH: No such file or directory',
    'x',
    `${INIT}exec: "x": executable file not found in $PATH`,
  ],
  [
    'executable file `/n/x` not found in $PATH: No such file or directory',
    '/n/x',
    `${INIT}exec: "/n/x": stat /n/x: no such file or directory`,
  ],
  ['open executable: Operation not permitted', '/etc', `${INIT}exec: "/etc": is a directory: permission denied`],
  ['open executable: Permission denied', '/etc/f', `${INIT}exec: "/etc/f": permission denied`],
  ['open executable: Not a directory', '/etc/f/x', `${INIT}exec: "/etc/f/x": stat /etc/f/x: not a directory`],
  [
    'chdir `/n`: No such file or directory',
    'sh',
    `${PREFIX}chdir to cwd ("/n") set in config.json failed: no such file or directory`,
  ],
  [
    'write file `/proc/thread-self/attr/apparmor/exec`: No such file or directory',
    'sh',
    `${INIT}unable to apply apparmor profile: apparmor failed to apply profile: write /proc/self/attr/apparmor/exec: no such file or directory`,
  ],
  [
    'mount `/etc` to `bin/busybox`: Not a directory',
    'sh',
    `${INIT}error mounting "/etc" to rootfs at "/bin/busybox": mount src=/etc, dst=/bin/busybox: not a directory`,
  ],
];

for (const [cause, program, expected] of starts) {
  test(cause, () => assert.equal(startErrorText(log(cause), attempt(program)), expected));
}

test('what nobody knows is passed on', () => {
  assert.equal(
    startErrorText(log('unknown field'), attempt('sh')),
    'failed to create task for container: failed to create shim task: OCI runtime create failed: unknown field',
  );
});

test('exec has its own beginning', () => {
  assert.equal(
    execErrorText(log('executable file `x` not found in $PATH: No such file or directory'), attempt('x')),
    'OCI runtime exec failed: exec failed: unable to start container process: exec: "x": executable file not found in $PATH',
  );
});

test('the last error counts, warnings do not', () => {
  const warning = `${JSON.stringify({ msg: 'w', level: 'warning' })}\n`;
  assert.equal(runtimeMessage(log('a') + log('b') + warning), 'b');
  assert.equal(runtimeMessage('plain words\n'), 'plain words');
  assert.equal(runtimeMessage(''), 'the runtime failed without a word');
});

test('error numbers have the kernel’s words', () => {
  assert.equal(errnoText(98), 'address already in use');
});
