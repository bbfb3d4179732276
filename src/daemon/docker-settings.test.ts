import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { toConfig } from './config.ts';
import { ConfigError, parseConfig } from './config-file.ts';
import { isKey, KEYS } from './config-keys.ts';
import { parseFlags } from './flags.ts';
import { REFUSED, refusedFlag } from './refused-keys.ts';

/** Every key of daemon.json (Moby's daemon/config) and every flag (`dockerd --help`) of Docker 28.5. */
const { keys, flags } = JSON.parse(
  readFileSync(new URL('./testdata/docker-28-settings.json', import.meta.url), 'utf8'),
) as { keys: string[]; flags: string[] };

/** A value of each key that differs from its default. */
const OTHER: Readonly<Record<string, unknown>> = {
  'authorization-plugins': ['p'],
  bip: '10.1.0.1/24',
  bridge: 'none',
  bip6: 'fd00:1::1/64',
  'cdi-spec-dirs': ['/x'],
  'cgroup-parent': '/x',
  'data-root': '/x',
  debug: true,
  'default-address-pools': [{ base: '10.0.0.0/8', size: 24 }],
  'default-cgroupns-mode': 'host',
  'default-gateway': '10.1.0.9',
  'default-gateway-v6': 'fd00:1::9',
  'default-ipc-mode': 'shareable',
  'default-network-opts': { bridge: { a: 'b' } },
  'default-runtime': 'runc',
  'default-shm-size': '1g',
  'default-ulimits': { nofile: { Name: 'nofile', Soft: 1, Hard: 2 } },
  dns: ['1.1.1.1'],
  'dns-opts': ['ndots:1'],
  'dns-search': ['a.b'],
  'exec-opts': ['native.cgroupdriver=cgroupfs'],
  'exec-root': '/x',
  features: { cdi: true },
  'fixed-cidr': '10.1.0.128/25',
  'fixed-cidr-v6': 'fd00:1::/80',
  group: 'x',
  'host-gateway-ip': '10.0.0.1',
  'host-gateway-ips': ['10.0.0.1', 'fd00::1'],
  hosts: ['unix:///x'],
  'http-proxy': 'http://a',
  'https-proxy': 'http://b',
  icc: false,
  init: true,
  'init-path': '/x',
  'insecure-registries': ['a:5000'],
  ip: '127.0.0.1',
  'ip-forward': false,
  'ip-masq': false,
  iptables: false,
  ipv6: true,
  labels: ['a=b'],
  'live-restore': true,
  'log-driver': 'none',
  'log-format': 'text',
  'log-level': 'warn',
  'log-opts': { 'max-size': '1m' },
  'max-concurrent-downloads': 7,
  'max-concurrent-uploads': 7,
  'max-download-attempts': 7,
  'metrics-addr': '127.0.0.1:9323',
  mtu: 1400,
  'no-new-privileges': true,
  'no-proxy': 'a',
  'node-generic-resources': ['gpu=a'],
  pidfile: '/x',
  proxies: { 'http-proxy': 'http://a' },
  registry: { listen: ':5001' },
  'registry-mirrors': ['https://a'],
  runtimes: { x: { path: '/x' } },
  'seccomp-profile': 'unconfined',
  'shutdown-timeout': 3,
  'storage-driver': 'vfs',
  'storage-opts': ['overlay2.size=1G'],
  tls: true,
  'userns-remap': 'default',
  tlsverify: true,
};
/** Said by keys that need `tls` beside them. */
const OF_TLS = ['tlscacert', 'tlscert', 'tlskey'];
/** What they ask for is how it always is. */
const ALWAYS_SO = [
  'allow-nondistributable-artifacts',
  'containerd',
  'containerd-namespace',
  'containerd-plugin-namespace',
  'experimental',
  'raw-logs',
  'swarm-default-advertise-addr',
  'userland-proxy',
];

const from = (settings: object) => toConfig(parseConfig(JSON.stringify(settings), 'daemon.json'), false, {});

for (const key of keys) {
  test(`${key} acts or is refused by name`, () => {
    if (Object.hasOwn(REFUSED, key)) {
      assert.ok(!isKey(key));
      const value = key === 'ip6tables' ? true : 'x';
      if (key !== 'ip6tables') {
        assert.throws(() => from({ [key]: value }), new RegExp(`^Error: daemon\\.json:1: "${key}" is refused: \\S`));
      }
      assert.deepEqual(from({ [key]: false }), from({}));
      return;
    }
    assert.ok(isKey(key), 'neither in config-keys.ts nor in refused-keys.ts');
    if (ALWAYS_SO.includes(key)) return;
    const beside = OF_TLS.includes(key) ? { tls: true } : {};
    const value = OF_TLS.includes(key) ? '/x' : OTHER[key];
    assert.notEqual(value, undefined, 'no value to test it with');
    assert.notDeepEqual(from({ ...beside, [key]: value }), from(beside));
  });
}

test('every flag of dockerd is there or refused by name', () => {
  for (const flag of flags) {
    const refused = refusedFlag(`--${flag}`);
    if (refused) {
      if (refused.name === 'ip6tables') continue;
      const words = refused.isSwitch ? [`--${flag}`] : [`--${flag}`, 'x'];
      assert.throws(() => parseFlags(words), new RegExp(`^Error: "${refused.name}" is refused: `), flag);
      continue;
    }
    try {
      parseFlags([`--${flag}=?`]);
    } catch (error) {
      assert.ok(error instanceof ConfigError);
      assert.doesNotMatch(error.message, /unknown flag/);
    }
  }
  assert.throws(() => from({ bridge: 'br0' }), /"bridge" is refused: /);
  assert.throws(() => from({ bridge: 'none', bip: '10.1.0.1/24' }), /exclude each other/);
  assert.equal(parseFlags(['-b', 'none']).settings.bridge, 'none');
});

test('values are judged as Docker judges them', () => {
  const cases: [object, RegExp][] = [
    [{ labels: ['a=b', 'a=c'] }, /conflict labels for a=c and a=b/],
    [{ labels: ['novalue'] }, /bad attribute format: novalue/],
    [{ 'registry-mirrors': ['ftp://x'] }, /no scheme specified|must use either/],
    [{ 'registry-mirrors': ['https://u:p@x'] }, /username\/password not allowed in URI/],
    [{ 'registry-mirrors': ['https://x?a=b'] }, /query or fragment/],
    [{ 'metrics-addr': 'x' }, /must be address:port/],
    [{ 'max-concurrent-downloads': -1 }, /must not be negative/],
    [{ mtu: -1 }, /must not be negative/],
    [{ 'host-gateway-ip': '1.1.1.1', 'host-gateway-ips': ['1.1.1.2'] }, /must not both be specified/],
    [{ 'host-gateway-ips': ['1.1.1.1', '1.1.1.2'] }, /only one IPv4/],
    [{ ip: 'x' }, /must be an IP address/],
    [{ 'node-generic-resources': ['gpu'] }, /must be kind=value/],
    [{ 'log-format': 'xml' }, /must be one of text, json/],
    [{ proxies: { socks: 'x' } }, /must be an object of http-proxy/],
    [{ 'default-network-opts': { overlay: { a: 'b' } } }, /no networks of the driver "overlay"/],
    [{ features: { a: 1 } }, /must be an object of true and false/],
    [{ runtimes: { a: { path: '/x', runtimeArgs: [1] } } }, /must be an object of/],
    [{ runtimes: { a: { path: '/x', runtimeType: 'io.containerd.runc.v2' } } }, /both path and runtimeType/],
    [{ runtimes: { a: { runtimeType: 'io.containerd.kata.v2' } } }, /is a shim of containerd/],
  ];
  for (const [settings, message] of cases) assert.throws(() => from(settings), message, JSON.stringify(settings));
  assert.equal(from({ 'log-level': 'panic' }).logLevel, 'error');
  assert.deepEqual(from({ 'registry-mirrors': ['https://a'] }).registry.mirrors, ['https://a/']);
  assert.deepEqual(from({ 'node-generic-resources': ['gpu=a', 'ssd=3'] }).genericResources, [
    { NamedResourceSpec: { Kind: 'gpu', Value: 'a' } },
    { DiscreteResourceSpec: { Kind: 'ssd', Value: 3 } },
  ]);
});

test('the files of TLS lie where Docker looks for them', () => {
  const paths = (settings: object, environment: object) =>
    toConfig(parseConfig(JSON.stringify(settings), 'x'), false, environment as NodeJS.ProcessEnv).tls;
  assert.equal(paths({}, {}), undefined);
  assert.deepEqual(paths({ tls: true }, { HOME: '/h' }), {
    ca: '/h/.docker/ca.pem',
    cert: '/h/.docker/cert.pem',
    key: '/h/.docker/key.pem',
    verify: true,
  });
  assert.equal(paths({ tlsverify: false }, {})?.verify, false);
  assert.equal(paths({}, { DOCKER_TLS_VERIFY: '1' })?.verify, true);
  assert.equal(paths({ tls: true, tlskey: '/k' }, { DOCKER_CERT_PATH: '/c' })?.cert, '/c/cert.pem');
  assert.equal(paths({ tls: true, tlskey: '/k' }, {})?.key, '/k');
});

test('a flag names a runtime and a feature', () => {
  assert.deepEqual(parseFlags(['--default-network-opt', 'bridge=a=b', '--default-network-opt=bridge=c=d=e']).settings, {
    'default-network-opts': { bridge: { a: 'b', c: 'd=e' } },
  });
  const { settings } = parseFlags(['--add-runtime', 'x=/x', '--feature', 'cdi=true', '--feature=a=false']);
  assert.deepEqual(settings, { runtimes: { x: { path: '/x' } }, features: { cdi: true, a: false } });
  assert.ok(Object.keys(KEYS).every((key) => keys.includes(key) || ['default-pids-limit', 'registry'].includes(key)));
});
