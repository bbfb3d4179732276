import type { Call, Case } from '../call.ts';

/** Fields of inspect that name what is ours: paths, the runtime, and where README says we differ. */
const OURS: Readonly<Record<string, string>> = {
  Driver: 'the snapshotter has its own name',
  GraphDriver: 'the snapshotter keeps its own folders',
  AppArmorProfile: 'the host may have AppArmor or not',
  ResolvConfPath: 'own path',
  HostnamePath: 'own path',
  HostsPath: 'own path',
  LogPath: 'own path',
  'HostConfig.Runtime': 'crun is the default',
  'HostConfig.PidsLimit': 'limited by default',
  'HostConfig.LogConfig': 'bounded by default',
  ImageManifestDescriptor: 'the image store is another',
  Name: 'generated',
};

function create(name: string, body: object): Case {
  const path = `/v1.50/containers/create?name=merge-${name.replaceAll(/\W+/g, '-')}`;
  const calls: Call[] = [
    { method: 'POST', path, body: { Image: 'conformance', ...body }, keep: { id: 'Id' } },
    { method: 'GET', path: '/v1.50/containers/{id}/json', differs: OURS },
  ];
  return { name, calls, removes: [`merge-${name.replaceAll(/\W+/g, '-')}`] };
}

export const createMerge: Case[] = [
  create('plain', {}),
  create('command', { Cmd: ['echo', 'a b'] }),
  create('entrypoint drops the command of the image', { Entrypoint: ['echo'] }),
  create('entrypoint and command', { Entrypoint: ['echo'], Cmd: ['x'] }),
  create('shell form strings', { Entrypoint: 'echo', Cmd: 'x y' }),
  create('environment', { Env: ['A=1', 'PATH=/x', 'B', 'A=2'] }),
  create('labels', { Labels: { 'made-by': 'user', other: '' } }),
  create('user and working directory', { User: 'user:extra', WorkingDir: '/tmp/../etc' }),
  create('tty and stdin', { Tty: true, OpenStdin: true, StdinOnce: true, AttachStdin: true }),
  create('host and domain name', { Hostname: 'web', Domainname: 'example.org' }),
  create('health', { Healthcheck: { Test: ['CMD-SHELL', 'true'], Interval: 1e9, Retries: 2 } }),
  create('stop signal and timeout', { StopSignal: 'SIGUSR1', StopTimeout: 3 }),
  create('exposed ports', { ExposedPorts: { '80/tcp': {}, '53/udp': {} } }),
  create('published ports', {
    HostConfig: { PortBindings: { '80/tcp': [{ HostPort: '18080' }], '53/udp': [{ HostIp: '127.0.0.1' }] } },
  }),
  create('publish all', { ExposedPorts: { '80/tcp': {} }, HostConfig: { PublishAllPorts: true } }),
  create('volumes', { Volumes: { '/data': {} } }),
  create('binds', { HostConfig: { Binds: ['/tmp:/a:ro', '/tmp:/b:rshared', 'merge-named:/c', '/tmp:/d:z'] } }),
  create('mounts', {
    HostConfig: {
      Mounts: [
        { Type: 'bind', Source: '/tmp', Target: '/a', ReadOnly: true },
        { Type: 'volume', Source: 'merge-named', Target: '/b', VolumeOptions: { NoCopy: true, Labels: { a: 'b' } } },
        { Type: 'tmpfs', Target: '/c', TmpfsOptions: { SizeBytes: 1048576, Mode: 0o700 } },
      ],
    },
  }),
  create('tmpfs', { HostConfig: { Tmpfs: { '/x': 'size=1m', '/y': '' } } }),
  create('privileged', { HostConfig: { Privileged: true } }),
  create('capabilities', { HostConfig: { CapAdd: ['net_admin', 'CAP_SYS_TIME'], CapDrop: ['ALL'] } }),
  create('limits', {
    HostConfig: { Memory: 64 << 20, NanoCpus: 5e8, CpuShares: 512, PidsLimit: 50, CpusetCpus: '0', BlkioWeight: 0 },
  }),
  create('memory and swap', { HostConfig: { Memory: 64 << 20, MemorySwap: -1, MemoryReservation: 32 << 20 } }),
  create('unlimited pids', { HostConfig: { PidsLimit: -1 } }),
  create('restart policy', { HostConfig: { RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 3 } } }),
  create('restart always', { HostConfig: { RestartPolicy: { Name: 'always' } } }),
  create('auto remove', { HostConfig: { AutoRemove: true } }),
  create('host network', { HostConfig: { NetworkMode: 'host' } }),
  create('no network', { HostConfig: { NetworkMode: 'none' } }),
  create('network disabled', { NetworkDisabled: true }),
  create('network by name bridge', { HostConfig: { NetworkMode: 'bridge' } }),
  create('modes', { HostConfig: { PidMode: 'host', IpcMode: 'shareable', UTSMode: 'host' } }),
  create('dns', { HostConfig: { Dns: ['1.1.1.1'], DnsSearch: ['example.org'], DnsOptions: ['ndots:2'] } }),
  create('extra hosts', { HostConfig: { ExtraHosts: ['a:1.1.1.1', 'b:::1', 'c:host-gateway'] } }),
  create('security options', { HostConfig: { SecurityOpt: ['no-new-privileges', 'seccomp=unconfined'] } }),
  create('system paths', { HostConfig: { MaskedPaths: [], ReadonlyPaths: [] } }),
  create('read-only', { HostConfig: { ReadonlyRootfs: true } }),
  create('init and shm', { HostConfig: { Init: true, ShmSize: 1 << 20 } }),
  create('sysctls and ulimits', {
    HostConfig: { Sysctls: { 'net.ipv4.ip_forward': '1' }, Ulimits: [{ Name: 'nofile', Soft: 100, Hard: 200 }] },
  }),
  create('devices', {
    HostConfig: { Devices: [{ PathOnHost: '/dev/null', PathInContainer: '/dev/x', CgroupPermissions: 'r' }] },
  }),
  create('log options', { HostConfig: { LogConfig: { Type: 'json-file', Config: { 'max-size': '1m', tag: 'x' } } } }),
  create('mac address', {
    NetworkingConfig: { EndpointsConfig: { bridge: { MacAddress: '02:42:ac:11:00:99' } } },
  }),
  create('annotations and group', {
    HostConfig: { Annotations: { a: 'b' }, GroupAdd: ['extra', '3000'], OomScoreAdj: 100 },
  }),
];
