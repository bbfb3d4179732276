import type { Call, Case } from '../call.ts';
import { drop, hostConfigOf, makeWith, post, start } from '../container-calls.ts';

const shows = (name: string, script: string, HostConfig: object, more: object = {}): Call[] => [
  makeWith(name, ['sh', '-c', `exec 2>&1; ${script}`], HostConfig, more),
  start(name),
  post(`${name}/wait`),
  { method: 'GET', path: `/v1.50/containers/${name}/logs?stdout=1&stderr=1` },
];
/** A create and a start, of which either may be refused. */
const tries = (HostConfig: object, more: object = {}): Call[] => [
  makeWith('dev-try', ['true'], HostConfig, more),
  start('dev-try'),
  drop('dev-try'),
];
const request = (more: object) => ({
  DeviceRequests: [{ Driver: '', Count: 0, DeviceIDs: null, Capabilities: null, Options: null, ...more }],
});
const device = (PathOnHost: string, PathInContainer = PathOnHost, CgroupPermissions = 'rwm') => ({
  Devices: [{ PathOnHost, PathInContainer, CgroupPermissions }],
});

/** Devices, requests for devices, runtimes and what else a host gives to a container. */
export const deviceCases: Case[] = [
  {
    name: 'requests for devices that no driver serves',
    calls: [
      ...tries(request({ Count: -1, Capabilities: [['gpu']] })),
      ...tries(request({ Driver: 'nvidia', Count: 1, Capabilities: [['gpu']] })),
      ...tries(request({ Driver: 'nosuch', Count: -1, Capabilities: [['gpu']] })),
      ...tries(request({ DeviceIDs: ['0'], Capabilities: [['gpu', 'utility'], ['compute']] })),
      ...tries(request({ Count: 1, DeviceIDs: ['0'], Capabilities: [['gpu']] })),
      ...tries(request({ Count: 1 })),
      ...tries(request({ Capabilities: [[]] })),
      ...tries(request({ Options: { a: 'b' } })),
      ...tries({ DeviceRequests: [] }),
    ],
  },
  {
    name: 'CDI devices that are not there',
    calls: [
      ...tries(request({ Driver: 'cdi', DeviceIDs: ['vendor.com/class=name'] })),
      ...tries(request({ Driver: 'cdi', DeviceIDs: ['vendor.com/class=name', 'vendor.com/class=other', 'x'] })),
      ...tries(request({ Driver: 'cdi' })),
      ...tries(request({ Driver: 'cdi', Count: 1 })),
      ...tries(request({ Driver: 'cdi', DeviceIDs: ['vendor.com/class=name'], Options: { a: 'b' } })),
      ...tries(request({ Driver: 'cdi', DeviceIDs: ['vendor.com/class=name'], Capabilities: [['gpu']] })),
    ],
  },
  {
    name: 'devices',
    removes: ['dev-a', 'dev-b', 'dev-c'],
    calls: [
      ...shows(
        'dev-a',
        'ls -l /dev/x | cut -c1-10; echo > /dev/x; head -c 1 /dev/x',
        device('/dev/null', '/dev/x', 'r'),
      ),
      ...shows('dev-b', 'ls -l /x/y | cut -c1-10; head -c 3 /x/y | tr "\\0" 0', device('/dev/zero', '/x/y')),
      ...shows('dev-c', 'test -c /dev/zero2 && echo there', { ...device('/dev/zero', '/dev/zero2'), Privileged: true }),
    ],
  },
  {
    name: 'devices that are refused',
    calls: [
      ...tries(device('/dev/nosuch')),
      ...tries(device('/etc/passwd')),
      ...tries(device('/etc')),
      ...tries(device('')),
      ...tries(device('dev/null')),
      ...tries(device('/dev/null', 'x')),
      ...tries(device('/dev/null', '/dev/x', 'q')),
      ...tries({ DeviceCgroupRules: ['c 1:3'] }),
      ...tries({ DeviceCgroupRules: ['x *:* r'] }),
      ...tries({ DeviceCgroupRules: ['c *:* rwmr'] }),
    ],
  },
  {
    name: 'runtimes by name',
    calls: [
      ...tries({ Runtime: 'nosuch' }),
      ...tries({ Runtime: 'io.containerd.nosuch.v2' }),
      ...tries({ Runtime: '/bin/nosuch' }),
      ...tries({ Runtime: 'io.containerd.runc.v2' }),
      ...tries({ Isolation: 'default' }),
      ...tries({ Isolation: 'hyperv' }),
      ...tries({ Isolation: 'process' }),
    ],
  },
  {
    name: 'annotations',
    removes: ['dev-a'],
    calls: [
      makeWith('dev-a', ['true'], { Annotations: { 'com.example.key': 'value', plain: '' } }),
      hostConfigOf('dev-a'),
      start('dev-a'),
      ...tries({ Annotations: { '': 'x' } }),
    ],
  },
  {
    name: 'parents of cgroups',
    removes: ['dev-a', 'dev-b'],
    calls: [
      ...shows('dev-a', 'grep -c ":memory:/dev-parent/[^/]*$" /proc/self/cgroup', { CgroupParent: '/dev-parent' }),
      hostConfigOf('dev-a'),
      ...shows('dev-b', 'grep -c ":memory:/dev-parent/deep/[^/]*$" /proc/self/cgroup', {
        CgroupParent: '/dev-parent/../dev-parent/deep/',
      }),
    ],
  },
  {
    name: 'further groups',
    removes: ['dev-a', 'dev-b', 'dev-c'],
    calls: [
      ...shows('dev-a', 'id -G', { GroupAdd: ['extra', '777'] }),
      ...shows('dev-b', 'id -G', { GroupAdd: ['5', '777'] }, { User: 'user' }),
      ...tries({ GroupAdd: ['nosuch'] }),
      ...tries({ GroupAdd: ['4294967296'] }),
      ...tries({ GroupAdd: ['-1'] }),
    ],
  },
  {
    name: 'the score for the out-of-memory killer',
    removes: ['dev-a'],
    calls: [
      ...shows('dev-a', 'cat /proc/self/oom_score_adj', { OomScoreAdj: 500 }),
      ...tries({ OomScoreAdj: 1001 }),
      ...tries({ OomScoreAdj: -1001 }),
    ],
  },
  {
    name: 'security options that are refused',
    calls: [
      ['apparmor=nosuch-profile'],
      ['apparmor'],
      ['apparmor='],
      ['label=level:s0:c100,c200'],
      ['label=type:nosuch_t'],
      ['label=user:u'],
      ['label=role:r'],
      ['label=disable'],
      ['label=nosuch:x'],
      ['label'],
      ['systempaths=unconfined'],
      ['systempaths=confined'],
      ['no-new-privileges=maybe'],
      ['no-new-privileges:false'],
      ['seccomp=unconfined'],
      ['seccomp=builtin'],
      ['seccomp=nosuch'],
      ['seccomp={}'],
      ['seccomp={"defaultAction":"SCMP_ACT_ALLOW"}'],
      ['nosuch=x'],
      ['writable-cgroups=true'],
    ].flatMap((SecurityOpt) => tries({ SecurityOpt })),
  },
  {
    name: 'labels of mounts',
    removes: ['dev-a'],
    calls: [
      ...shows('dev-a', 'ls -d /a /b', { Binds: ['/usr:/a:z', '/usr/share:/b:ro,Z'] }),
      { method: 'GET', path: '/v1.50/containers/dev-a/json', only: ['Mounts', 'MountLabel', 'ProcessLabel'] },
      ...tries({ Binds: ['/usr:/a:z,Z'] }),
    ],
  },
  {
    name: 'no new privileges',
    removes: ['dev-a', 'dev-b'],
    calls: [
      ...shows('dev-a', 'grep NoNewPrivs /proc/self/status', { SecurityOpt: ['no-new-privileges'] }),
      hostConfigOf('dev-a'),
      ...shows('dev-b', 'grep NoNewPrivs /proc/self/status', { SecurityOpt: ['no-new-privileges=false'] }),
    ],
  },
];
