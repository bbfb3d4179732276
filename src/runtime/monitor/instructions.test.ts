import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderInstructions } from './instructions.ts';

const rootfs = {
  cwd: '/data/snapshots',
  mounts: [{ type: 'overlay', source: 'overlay', target: '', options: ['nodev', 'lowerdir=l/a:l/b', 'userxattr'] }],
};

test('namespaces first, then cgroups, then the rootfs with names relative to the snapshots', () => {
  const cgroup = {
    setup: [
      { op: 'mkdir', path: '/cg/x' },
      { op: 'write', path: '/cg/x/limit', data: '7' },
      { op: 'write', path: '/cg/x/rare', data: '1', optional: true },
    ],
    join: ['/cg/x/tasks'],
  } as const;
  assert.deepEqual(renderInstructions({ cgroup, rootfs, target: '/run/x/rootfs', netns: 'new' }), [
    ['unshare', '40020000'],
    ['loopback'],
    ['mkdir', '/cg/x', '755'],
    ['write', '/cg/x/limit', '7'],
    ['try-write', '/cg/x/rare', '1'],
    ['join', '/cg/x/tasks'],
    ['propagation', '/', '84000'],
    ['chdir', '/data/snapshots'],
    ['mount', 'overlay', '/run/x/rootfs', 'overlay', '4', 'lowerdir=l/a:l/b,userxattr'],
    ['chdir', '/'],
  ]);
});

test('a joined network is entered, shared sources keep their peers', () => {
  const cgroup = { setup: [], join: [] };
  const list = renderInstructions({ cgroup, rootfs, target: '/t', netns: { pid: 7 }, sharedSources: ['/srv'] });
  assert.deepEqual(
    list.map(([verb]) => verb),
    ['setns', 'take', 'unshare', 'propagation', 'graft', 'chdir', 'mount', 'chdir'],
  );
  assert.deepEqual(list[0], ['setns', '/proc/7/ns/net']);
  assert.deepEqual(list[2], ['unshare', '20000']);
});

test('links are made from both sides of the new namespace', () => {
  const links = {
    netnsFd: 100,
    outside: Buffer.from('veth'),
    inside: Buffer.from('address'),
    interface: 'eth0',
    indexAt: 20,
    settings: [['ipv6/conf/eth0/accept_ra', '0']],
  } as const;
  const list = renderInstructions({ cgroup: { setup: [], join: [] }, rootfs, target: '/t', netns: 'new', links });
  assert.deepEqual(list.slice(0, 6), [
    ['netlink-open'],
    ['unshare', '40020000'],
    ['netns-fd', 100],
    ['netlink', 0, '', 0, links.outside],
    ['try-write', '/proc/sys/net/ipv6/conf/eth0/accept_ra', '0'],
    ['netlink-open'],
  ]);
  assert.deepEqual(list[6], ['netlink', 1, 'eth0', 20, links.inside]);
});
