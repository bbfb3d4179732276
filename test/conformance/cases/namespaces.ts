import type { Call, Case } from '../call.ts';
import { hostConfigOf, makeWith, post, start } from '../container-calls.ts';

const SLEEP = ['sleep', '1000'];
const said = (name: string): Call[] => [
  start(name),
  post(`${name}/wait`),
  { method: 'GET', path: `/v1.50/containers/${name}/logs?stdout=1&stderr=1` },
];
/** Starts a container that shows what it sees, and compares its output. */
const shows = (name: string, script: string, HostConfig: object, more: object = {}): Call[] => [
  makeWith(name, ['sh', '-c', script], HostConfig, more),
  ...said(name),
];
const SHM = "grep ' /dev/shm ' /proc/mounts | sed 's/,inode64//'";
/** The same namespace as the first process of the donor, or another. */
const SAME = (kind: string) => `[ $(readlink /proc/1/ns/${kind}) = $(readlink /proc/self/ns/${kind}) ] && echo same`;

/** Namespaces: private, the host's, shareable, another container's. */
export const namespaces: Case[] = [
  {
    name: 'shareable shared memory',
    removes: ['ns-donor', 'ns-guest', 'ns-guest2'],
    calls: [
      makeWith('ns-donor', ['sh', '-c', 'echo donor > /dev/shm/f; sleep 1000'], {
        IpcMode: 'shareable',
        ShmSize: 1 << 20,
      }),
      start('ns-donor'),
      ...shows('ns-guest', `cat /dev/shm/f; echo guest >> /dev/shm/f; ${SHM}`, {
        IpcMode: 'container:ns-donor',
        ShmSize: 2 << 20,
      }),
      hostConfigOf('ns-donor'),
      hostConfigOf('ns-guest'),
      ...shows('ns-guest2', `cat /dev/shm/f`, { IpcMode: 'container:{nsdonor}' }),
      post('ns-donor/restart?t=0'),
      ...said('ns-guest2'),
    ],
  },
  {
    name: 'guest of a guest',
    removes: ['ns-donor', 'ns-guest', 'ns-guest2'],
    calls: [
      makeWith('ns-donor', ['sh', '-c', 'echo donor > /dev/shm/f; sleep 1000'], { IpcMode: 'shareable' }),
      start('ns-donor'),
      makeWith('ns-guest', SLEEP, { IpcMode: 'container:ns-donor' }),
      start('ns-guest'),
      ...shows('ns-guest2', `cat /dev/shm/f`, { IpcMode: 'container:ns-guest' }),
    ],
  },
  ...['private', '', 'none', 'host'].map((mode) => ({
    name: `guest of ${mode || 'default'}`,
    removes: ['ns-donor', 'ns-guest'],
    calls: [
      makeWith('ns-donor', SLEEP, { IpcMode: mode }),
      start('ns-donor'),
      makeWith('ns-guest', ['true'], { IpcMode: 'container:ns-donor' }),
      start('ns-guest'),
    ],
  })),
  {
    name: 'guest of a donor that does not run',
    removes: ['ns-donor', 'ns-guest', 'ns-guest2'],
    calls: [
      makeWith('ns-donor', SLEEP, { IpcMode: 'shareable' }),
      makeWith('ns-guest', ['true'], { IpcMode: 'container:ns-donor' }),
      start('ns-guest'),
      makeWith('ns-guest2', ['true'], { PidMode: 'container:ns-donor' }),
      start('ns-guest2'),
      { method: 'DELETE', path: '/v1.50/containers/ns-donor' },
      start('ns-guest'),
      start('ns-guest2'),
    ],
  },
  {
    name: 'modes without a container',
    removes: ['ns-a', 'ns-b', 'ns-c'],
    calls: [
      makeWith('ns-a', ['true'], { IpcMode: 'container:' }),
      start('ns-a'),
      makeWith('ns-a', ['true'], { IpcMode: 'container' }),
      makeWith('ns-a', ['true'], { IpcMode: 'Private' }),
      makeWith('ns-a', ['true'], { PidMode: 'container:' }),
      makeWith('ns-a', ['true'], { PidMode: 'private' }),
      makeWith('ns-a', ['true'], { UTSMode: 'private' }),
      makeWith('ns-a', ['true'], { UTSMode: 'container:ns-a' }),
      makeWith('ns-a', ['true'], { CgroupnsMode: 'container:ns-a' }),
      makeWith('ns-b', ['true'], { UsernsMode: 'private' }),
      makeWith('ns-c', ['true'], { UsernsMode: 'container:ns-a' }),
      start('ns-b'),
      makeWith('ns-a', ['true'], { ShmSize: -1 }),
    ],
  },
  {
    name: 'no shared memory',
    removes: ['ns-a'],
    calls: [...shows('ns-a', `${SHM}; ls -d /dev/shm; ls /dev/mqueue`, { IpcMode: 'none' }), hostConfigOf('ns-a')],
  },
  {
    name: 'size of the shared memory',
    removes: ['ns-a', 'ns-b', 'ns-c'],
    calls: [
      ...shows('ns-a', SHM, { ShmSize: 3 << 20 }),
      hostConfigOf('ns-a'),
      ...shows('ns-b', SHM, { ShmSize: 3 << 20, IpcMode: 'shareable' }),
      ...shows('ns-c', SHM, { ShmSize: 3 << 20, IpcMode: 'private', ReadonlyRootfs: true }),
    ],
  },
  {
    name: 'a mount at the place of the shared memory',
    removes: ['ns-a', 'ns-b'],
    calls: [
      ...shows('ns-a', SHM, { IpcMode: 'shareable', Tmpfs: { '/dev/shm': 'size=1m' } }),
      makeWith('ns-b', SLEEP, { IpcMode: 'shareable', Tmpfs: { '/dev/shm': 'size=1m' } }),
      start('ns-b'),
      makeWith('ns-c', ['true'], { IpcMode: 'container:ns-b' }),
      start('ns-c'),
      { method: 'DELETE', path: '/v1.50/containers/ns-c' },
    ],
  },
  {
    name: 'processes of another container',
    removes: ['ns-donor', 'ns-guest', 'ns-guest2'],
    calls: [
      makeWith('ns-donor', ['sleep', '1234'], {}),
      start('ns-donor'),
      ...shows('ns-guest', `cat /proc/1/cmdline | tr '\\0' ' '; ${SAME('pid')}`, { PidMode: 'container:ns-donor' }),
      hostConfigOf('ns-guest'),
      makeWith('ns-guest2', SLEEP, { PidMode: 'container:ns-donor' }),
      start('ns-guest2'),
      post('ns-donor/kill'),
      post('ns-guest2/wait'),
    ],
  },
  {
    name: 'a pid mode that names itself',
    removes: ['ns-a'],
    calls: [makeWith('ns-a', ['true'], { PidMode: 'container:ns-a', IpcMode: 'container:ns-a' })],
  },
  {
    name: 'host names and the namespace of the host',
    removes: ['ns-a', 'ns-b'],
    calls: [
      makeWith('ns-a', ['true'], { UTSMode: 'host' }, { Hostname: 'web' }),
      makeWith('ns-a', ['true'], { UTSMode: 'host' }, { Domainname: 'web' }),
      ...shows('ns-b', 'hostname; cat /etc/hostname', {}, { Hostname: 'web', Domainname: 'example.org' }),
    ],
  },
  {
    name: 'cgroup namespaces',
    removes: ['ns-a', 'ns-b'],
    calls: [
      ...shows('ns-a', 'grep memory /proc/self/cgroup', { CgroupnsMode: 'private' }),
      hostConfigOf('ns-a'),
      ...shows('ns-b', "grep memory /proc/self/cgroup | grep -c '/[0-9a-f]'", { CgroupnsMode: 'host' }),
    ],
  },
];
