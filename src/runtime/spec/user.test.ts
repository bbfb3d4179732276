import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolveUser } from './user.ts';

const accounts = {
  passwd: 'root:x:0:0:root:/root:/bin/sh\n# note\n1000:x:0:0::/evil:/bin/sh\napp:x:1000:100::/home/app:\n',
  group: 'root:x:0:\nusers:x:100:app\nwheel:x:10:root,app\n1001:x:7:\n',
};
const RANGE = 'uids and gids must be in range 0-2147483647';

const cases: [string, string[], { uid: number; gid: number; groups: number[]; home: string }][] = [
  ['', [], { uid: 0, gid: 0, groups: [0, 10], home: '/root' }],
  ['root', [], { uid: 0, gid: 0, groups: [0, 10], home: '/root' }],
  ['app', [], { uid: 1000, gid: 100, groups: [100, 10], home: '/home/app' }],
  ['1000', [], { uid: 1000, gid: 100, groups: [100, 10], home: '/home/app' }],
  ['app:wheel', [], { uid: 1000, gid: 10, groups: [10], home: '/home/app' }],
  ['5:6', [], { uid: 5, gid: 6, groups: [6], home: '/' }],
  ['5', ['wheel', '77'], { uid: 5, gid: 0, groups: [0, 10, 77], home: '/' }],
  ['5:1001', [], { uid: 5, gid: 1001, groups: [1001], home: '/' }],
  ['00', [], { uid: 0, gid: 0, groups: [0, 10], home: '/root' }],
  ['+0', [], { uid: 0, gid: 0, groups: [0, 10], home: '/root' }],
];

for (const [spec, groupAdd, expected] of cases) {
  test(`user ${JSON.stringify(spec)} with groups [${groupAdd}]`, () => {
    const { user, home } = resolveUser(spec, accounts, groupAdd);
    assert.deepEqual({ uid: user.uid, gid: user.gid, groups: user.additionalGids, home }, expected);
  });
}

for (const [spec, groupAdd, message] of [
  ['nope', [], 'unable to find user nope: no matching entries in passwd file'],
  ['0x10', [], 'unable to find user 0x10: no matching entries in passwd file'],
  ['1e3', [], 'unable to find user 1e3: no matching entries in passwd file'],
  ['0:nope', [], 'unable to find group nope: no matching entries in group file'],
  ['', ['nope'], 'unable to find group nope: no matching entries in group file'],
  ['-1', [], RANGE],
  ['2147483648', [], RANGE],
  ['4294967296', [], RANGE],
  ['0:4294967296', [], RANGE],
  ['', ['4294967296'], RANGE],
] as [string, string[], string][]) {
  test(`user ${JSON.stringify(spec)} with groups [${groupAdd}] is refused`, () =>
    assert.throws(() => resolveUser(spec, accounts, groupAdd), { message }));
}

test('an account beyond the first ten thousand lines does not exist', () => {
  const passwd = `${'x:x:9:9::/:\n'.repeat(10_000)}late:x:3:3::/:\n`;
  assert.throws(() => resolveUser('late', { passwd }), /unable to find user late/);
});
