import type { Call, Case } from '../call.ts';
import { drop, makeWith, post, start } from '../container-calls.ts';
import { dockerArchive } from '../image.ts';

const SLEEP = ['sleep', '1000'];
const volume = (Name: string, options?: Record<string, string>): Call => ({
  method: 'POST',
  path: '/v1.50/volumes/create',
  body: { Name, ...(options ? { DriverOpts: options } : {}) },
  differs: { CreatedAt: 'of the run', Mountpoint: 'own path' },
});
const dropVolume = (name: string): Call => ({ method: 'DELETE', path: `/v1.50/volumes/${name}` });
const said = (name: string): Call[] => [
  start(name),
  post(`${name}/wait`),
  { method: 'GET', path: `/v1.50/containers/${name}/logs?stdout=1&stderr=1` },
];
/** Runs a script to its end, compares what it says, and removes the container. */
const shows = (name: string, script: string, HostConfig: object, more: object = {}): Call[] => [
  makeWith(name, ['sh', '-c', `exec 2>&1; ${script}`], HostConfig, more),
  ...said(name),
];
const mounts = (name: string, differs: Record<string, string> = {}): Call => ({
  method: 'GET',
  path: `/v1.50/containers/${name}/json`,
  only: ['Mounts'],
  differs,
});
/** A create and a start of a container with one mount, of which either may be refused. */
const tries = (mount: object, more: object = {}, bodyDiffers?: string): Call[] => [
  makeWith('mnt-try', ['true'], { Mounts: [{ Target: '/m', ...mount }], ...more }),
  { ...start('mnt-try'), ...(bodyDiffers ? { bodyDiffers } : {}) },
  drop('mnt-try'),
];
const ESCAPES = 'path concatenation escapes the base directory, base: <root>/volumes/mnt-vol/_data, subpath: up';
const OWN = { 'Mounts.*.Source': 'own path' };
const OPTIONS = (path: string) => `grep ' ${path} ' /proc/mounts | sed 's/,inode64//; s/^[^ ]* //'`;
const FLAGS = (path: string) => `grep ' ${path} ' /proc/mounts | cut -d' ' -f4 | cut -d, -f1`;
const image = (more: object = {}) => ({ Type: 'image', Source: 'conformance', ...more });
const named = (Source: string, more: object = {}) => ({ Type: 'volume', Source, ...more });
const at = (Target: string, mount: object) => ({ ...mount, Target });

export const mountCases: Case[] = [
  {
    name: 'an image as a mount',
    removes: ['mnt-a'],
    calls: [
      ...shows('mnt-a', 'ls /m; touch /m/x; head -1 /m/etc/passwd', { Mounts: [at('/m', image())] }),
      mounts('mnt-a', OWN),
    ],
  },
  {
    name: 'an image that only a mount uses',
    removes: ['mnt-a', 'mnt-b'],
    calls: [
      {
        method: 'POST',
        path: '/v1.50/images/load?quiet=1',
        body: dockerArchive(['mnt-image:latest']),
        headers: { 'content-type': 'application/x-tar' },
        bodyDiffers: 'progress',
      },
      ...shows('mnt-a', 'cat /m/hello', { Mounts: [at('/m', image({ Source: 'mnt-image' }))] }),
      { method: 'DELETE', path: '/v1.50/images/mnt-image', bodyDiffers: 'tells ids' },
      start('mnt-a'),
      drop('mnt-a'),
      { method: 'DELETE', path: '/v1.50/images/mnt-image?force=1', bodyDiffers: 'tells ids' },
    ],
  },
  {
    name: 'image mounts that are refused',
    calls: [
      ...tries(image({ Source: 'nosuch' })),
      ...tries(image({ Source: 'NOSUCH:' })),
      ...tries(image({ Source: '' })),
      ...tries(image({ BindOptions: { Propagation: 'shared' } })),
      ...tries(image({ ReadOnly: true })),
      ...tries(image({ ImageOptions: { Subpath: '../etc' } })),
      ...tries(image({ ImageOptions: { Subpath: '/etc' } })),
      ...tries(image({ ImageOptions: { Subpath: 'nosuch' } }), {}, 'tells a path of its own'),
      ...tries(image({ ImageOptions: { Subpath: 'etc/passwd/x' } }), {}, 'tells a path of its own'),
    ],
  },
  {
    name: 'a part of an image as a mount',
    removes: ['mnt-a', 'mnt-b'],
    calls: [
      ...shows('mnt-a', 'cat /f', { Mounts: [at('/f', image({ ImageOptions: { Subpath: 'etc/group' } }))] }),
      mounts('mnt-a', OWN),
      ...shows('mnt-b', 'ls -l /m | grep -c busybox', {
        Mounts: [at('/m', image({ ImageOptions: { Subpath: 'bin/../bin/.' } }))],
      }),
    ],
  },
  {
    name: 'a part of a volume',
    removes: ['mnt-fill', 'mnt-a', 'mnt-b'],
    calls: [
      volume('mnt-vol'),
      ...shows(
        'mnt-fill',
        'mkdir -p /m/a/b; echo deep > /m/a/b/f; ln -s /etc /m/out; ln -s a /m/in; ln -s ../../../../etc /m/up',
        {
          Binds: ['mnt-vol:/m'],
        },
      ),
      ...shows('mnt-a', 'cat /m/f; echo more >> /m/f; cat /file', {
        Mounts: [
          at('/m', named('mnt-vol', { VolumeOptions: { Subpath: 'a/b' } })),
          at('/file', named('mnt-vol', { VolumeOptions: { Subpath: 'a/b/f' } })),
        ],
      }),
      mounts('mnt-a', OWN),
      ...shows('mnt-b', 'cat /m/b/f; touch /m/x', {
        Mounts: [at('/m', named('mnt-vol', { ReadOnly: true, VolumeOptions: { Subpath: 'in' } }))],
      }),
      ...tries(named('mnt-vol', { VolumeOptions: { Subpath: 'out' } })),
      ...tries(named('mnt-vol', { VolumeOptions: { Subpath: 'up' } })).map((call) =>
        call.path.endsWith('/start')
          ? { ...call, ours: { why: 'Docker looks outside of the volume', status: 400, body: { message: ESCAPES } } }
          : call,
      ),
      ...tries(named('mnt-vol', { VolumeOptions: { Subpath: 'nosuch' } })),
      ...tries(named('mnt-vol', { VolumeOptions: { Subpath: 'a/../../x' } })),
      ...tries(named('mnt-vol', { VolumeOptions: { Subpath: '/a' } })),
      ...tries(named('', { VolumeOptions: { Subpath: 'a' } })),
      ...tries(named('mnt-new', { VolumeOptions: { Subpath: 'a' } })),
      drop('mnt-fill'),
      drop('mnt-a'),
      drop('mnt-b'),
      dropVolume('mnt-vol'),
      dropVolume('mnt-new'),
    ],
  },
  {
    name: 'a volume that is a tmpfs',
    removes: ['mnt-a', 'mnt-b', 'mnt-c', 'mnt-d'],
    calls: [
      volume('mnt-tmp', { type: 'tmpfs', device: 'tmpfs', o: 'size=1m,uid=1000,mode=0750,nosuid' }),
      makeWith('mnt-a', ['sh', '-c', 'echo shared > /m/f; exec sleep 1000'], { Binds: ['mnt-tmp:/m'] }),
      mounts('mnt-a', OWN),
      start('mnt-a'),
      ...shows('mnt-b', `cat /m/f; ${OPTIONS('/m')}; stat -c '%u %a' /m`, { Binds: ['mnt-tmp:/m:ro'] }),
      drop('mnt-b'),
      dropVolume('mnt-tmp'),
      drop('mnt-a'),
      ...shows('mnt-c', 'ls /m', { Binds: ['mnt-tmp:/m'] }),
      ...shows('mnt-d', 'ls /etc', { Binds: ['mnt-tmp:/etc'] }),
      drop('mnt-c'),
      drop('mnt-d'),
      dropVolume('mnt-tmp'),
    ],
  },
  {
    name: 'volumes that cannot be mounted',
    removes: ['mnt-a'],
    calls: [
      { type: 'none', device: '/nosuch-path', o: 'bind' },
      { type: 'none', device: '/etc/passwd', o: 'bind' },
      { type: 'nosuchfs', device: 'x' },
      { type: 'nfs', device: ':/export', o: 'addr=127.0.0.1,rw' },
      { type: 'cifs', device: '//127.0.0.1/share', o: 'username=u,password=secret' },
      { type: 'ext4', device: '/dev/nosuch' },
      { type: 'tmpfs', device: 'tmpfs', o: 'nosuchoption=1' },
      { type: 'overlay', device: 'overlay', o: 'lowerdir=/nosuch' },
    ].flatMap((options) => [
      volume('mnt-bad', options as Record<string, string>),
      makeWith('mnt-a', ['true'], { Binds: ['mnt-bad:/m'] }),
      start('mnt-a'),
      drop('mnt-a'),
      dropVolume('mnt-bad'),
    ]),
  },
  {
    name: 'a volume that cannot be mounted where the image has something',
    removes: ['mnt-a'],
    calls: [
      volume('mnt-bad', { type: 'none', device: '/nosuch-path', o: 'bind' }),
      makeWith('mnt-a', ['true'], { Binds: ['mnt-bad:/etc'] }),
      makeWith('mnt-a', ['true'], { Binds: ['mnt-bad:/etc:nocopy'] }),
      drop('mnt-a'),
      dropVolume('mnt-bad'),
    ],
  },
  {
    name: 'volumes that bind a folder of the host',
    removes: ['mnt-a'],
    calls: [
      volume('mnt-host', { type: 'none', device: '/usr', o: 'bind' }),
      ...shows('mnt-a', 'ls -d /m/bin; ls -d /m/share', { Binds: ['mnt-host:/m'] }),
      mounts('mnt-a', OWN),
      drop('mnt-a'),
      dropVolume('mnt-host'),
      volume('mnt-host', { type: 'none', device: '/usr/share', o: 'bind,ro' }),
      ...shows('mnt-a', 'touch /m/x', { Binds: ['mnt-host:/m'] }),
      drop('mnt-a'),
      dropVolume('mnt-host'),
    ],
  },
  {
    name: 'options of volumes that are refused',
    calls: [
      volume('mnt-bad', { type: 'tmpfs' }),
      volume('mnt-bad', { device: 'tmpfs' }),
      volume('mnt-bad', { o: 'size=1m' }),
      volume('mnt-bad', { type: '', device: '', o: '' }),
      dropVolume('mnt-bad'),
      volume('mnt-bad', { type: 'nfs', device: ':/x', o: 'rw' }),
      dropVolume('mnt-bad'),
      volume('mnt-bad', { type: 'nfs', device: ':/x' }),
      dropVolume('mnt-bad'),
      ...tries(named('mnt-bad', { VolumeOptions: { DriverConfig: { Name: 'nosuch' } } })),
      ...tries(named('mnt-bad', { VolumeOptions: { DriverConfig: { Name: 'local', Options: { nosuch: 'x' } } } })),
      ...tries(named('mnt-bad', { VolumeOptions: { DriverConfig: { Options: { type: 'tmpfs', device: 'tmpfs' } } } })),
      dropVolume('mnt-bad'),
    ],
  },
  {
    name: 'mounts of another container',
    removes: ['mnt-from', 'mnt-from2', 'mnt-a', 'mnt-b', 'mnt-c', 'mnt-d'],
    calls: [
      volume('mnt-one'),
      volume('mnt-two'),
      makeWith(
        'mnt-from',
        SLEEP,
        { Binds: ['mnt-one:/one', 'mnt-two:/two:ro', '/usr:/usr-of-host:ro'], Tmpfs: { '/t': '' } },
        { Volumes: { '/anonymous': {} } },
      ),
      makeWith('mnt-from2', SLEEP, { Binds: ['mnt-two:/one'] }),
      makeWith('mnt-a', ['true'], { VolumesFrom: ['mnt-from'] }),
      mounts('mnt-a', { 'Mounts.*.Source': 'own path', 'Mounts.*.Name': 'generated' }),
      makeWith('mnt-b', ['true'], { VolumesFrom: ['mnt-from:ro', 'mnt-from2:rw'] }),
      mounts('mnt-b', { 'Mounts.*.Source': 'own path', 'Mounts.*.Name': 'generated' }),
      makeWith('mnt-c', ['true'], { VolumesFrom: ['mnt-from:z', 'mnt-from2:ro'], Binds: ['mnt-one:/one:ro'] }),
      mounts('mnt-c', { 'Mounts.*.Source': 'own path', 'Mounts.*.Name': 'generated' }),
      ...shows('mnt-d', `${FLAGS('/one')}; ${FLAGS('/two')}; ls -d /t`, { VolumesFrom: ['mnt-a'] }),
      makeWith('mnt-e', ['true'], { VolumesFrom: ['nosuch'] }),
      makeWith('mnt-e', ['true'], { VolumesFrom: [''] }),
      makeWith('mnt-e', ['true'], { VolumesFrom: ['mnt-from:x'] }),
      makeWith('mnt-e', ['true'], { VolumesFrom: ['mnt-from:nocopy'] }),
      makeWith('mnt-e', ['true'], { VolumesFrom: ['mnt-from:rslave'] }),
      makeWith('mnt-e', ['true'], { VolumesFrom: ['mnt-from:ro:rw'] }),
      ...['mnt-from', 'mnt-from2', 'mnt-a', 'mnt-b', 'mnt-c', 'mnt-d'].map(drop),
      dropVolume('mnt-one'),
      dropVolume('mnt-two'),
    ],
  },
  {
    name: 'options of a tmpfs',
    removes: ['mnt-a', 'mnt-b'],
    calls: [
      ...shows('mnt-a', ['/a', '/b', '/c', '/d'].map(OPTIONS).join(';'), {
        Tmpfs: { '/a': '', '/b': 'size=1m,exec,uid=5', '/c': 'ro,mode=700,nr_inodes=9', '/d': 'rw,noatime,suid,dev' },
      }),
      mounts('mnt-a'),
      ...shows('mnt-b', ['/a', '/b', '/c', '/d'].map(OPTIONS).join(';'), {
        Mounts: [
          { Type: 'tmpfs', Target: '/a' },
          { Type: 'tmpfs', Target: '/b', TmpfsOptions: { SizeBytes: 1 << 20, Mode: 0o1750 } },
          { Type: 'tmpfs', Target: '/c', ReadOnly: true, TmpfsOptions: { Options: [['exec']] } },
          { Type: 'tmpfs', Target: '/d', TmpfsOptions: { SizeBytes: 5000 } },
        ],
      }),
      mounts('mnt-b'),
      ...tries({ Type: 'tmpfs', Source: 'x' }),
      ...tries({ Type: 'tmpfs', TmpfsOptions: { Options: [['uid', '5']] } }),
      ...tries({ Type: 'tmpfs', TmpfsOptions: { Options: [['nosuch']] } }),
      ...tries({ Type: 'tmpfs', TmpfsOptions: { Options: [['uid', '5', '6']] } }),
      ...tries({ Type: 'tmpfs', TmpfsOptions: { Options: [[]] } }),
      makeWith('mnt-try', ['true'], { Tmpfs: { '/x': 'nosuch' } }),
      start('mnt-try'),
      drop('mnt-try'),
      makeWith('mnt-try', ['true'], { Tmpfs: { x: '' } }),
    ],
  },
  {
    name: 'options of a bind',
    removes: ['mnt-a', 'mnt-b'],
    calls: [
      ...shows('mnt-a', `${FLAGS('/shm')}; ${FLAGS('/shm-ro')}; touch /shm-ro/x`, {
        Binds: ['/dev/shm:/shm', '/dev/shm:/shm-ro:ro'],
      }),
      ...tries({ Type: 'bind', Source: '/nosuch-bind' }),
      ...tries({ Type: 'bind', Source: 'relative' }),
      ...tries({ Type: 'bind', Source: '/usr', BindOptions: { Propagation: 'nosuch' } }),
      ...tries({ Type: 'bind', Source: '/usr', BindOptions: { Propagation: 'rslave' } }),
      ...tries({ Type: 'bind', Source: '/usr', BindOptions: { ReadOnlyForceRecursive: true } }),
      ...tries({ Type: 'bind', Source: '/usr', BindOptions: { ReadOnlyNonRecursive: true } }),
      ...tries({
        Type: 'bind',
        Source: '/usr',
        ReadOnly: true,
        BindOptions: { ReadOnlyForceRecursive: true, ReadOnlyNonRecursive: true },
      }),
      ...tries({ Type: 'bind', Source: '/usr', ReadOnly: true, BindOptions: { ReadOnlyForceRecursive: true } }),
      ...tries({
        Type: 'bind',
        Source: '/usr',
        ReadOnly: true,
        BindOptions: { ReadOnlyForceRecursive: true, Propagation: 'rprivate' },
      }),
      ...tries({ Type: 'bind', Source: '/usr', BindOptions: { NonRecursive: true } }),
      ...tries({ Type: 'npipe', Source: '//./pipe/x' }),
      ...tries({ Type: 'cluster', Source: 'x' }),
      ...tries({ Type: 'bind', Source: '/usr', VolumeOptions: {} }),
      ...tries({ Type: 'bind', Source: '/usr', Consistency: 'cached' }),
    ],
  },
];
