import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ContainerConfig, EndpointSettings, HostConfig } from '#api';
import { isKind } from '#errdefs';
import { Events } from '#events';
import { nullLog } from '#log';
import { zero } from '#schema';
import { Store } from '#store';
import { isOwnLink, linkName, namesOf } from './context.ts';
import { Networks } from './networks.ts';
import type { SandboxRequest } from './reserve.ts';
import { NetworkStore } from './store.ts';

const id = (digit: string) => digit.repeat(64);

function request(
  containerId: string,
  change: { mode?: string; host?: object; endpoint?: object } = {},
): SandboxRequest {
  const hostConfig = { ...zero(HostConfig), NetworkMode: change.mode ?? 'default', ...change.host };
  const config = { ...zero(ContainerConfig), ExposedPorts: {} };
  const endpoints: SandboxRequest['endpoints'] = change.endpoint
    ? { default: { ...zero(EndpointSettings), ...change.endpoint } }
    : {};
  return {
    containerId,
    name: `c-${containerId.slice(0, 2)}`,
    hostname: containerId.slice(0, 12),
    domainname: '',
    hostConfig,
    config,
    endpoints,
  };
}

/** A module on a database in memory, with the default network already given a subnet of `prefix`. */
function open(subnet = '172.17.0.0/16', gateway = '172.17.0.1') {
  const store = Store.open(':memory:');
  const networks = new Networks({ store, events: new Events(store), log: nullLog, mark: '', config: {} });
  const rows = new NetworkStore(store);
  rows.setSubnet(rows.network('bridge')!.id, {
    ...{ bridge: 'gantry0', subnet, gateway },
    ...{ subnet6: null, gateway6: null },
  });
  const start = (r: SandboxRequest) =>
    store.tx(() => {
      networks.register(r);
      return networks.reserve(r);
    });
  const end = (containerId: string) => store.tx(() => networks.release(containerId));
  return { store, networks, rows, start, end };
}

test('addresses: the lowest free one, never the gateway, network or broadcast address, until none is left', () => {
  const { networks, start, end } = open('10.0.0.0/29', '10.0.0.3');
  const address = (containerId: string) => networks.settings(containerId).IPAddress;
  const ids = ['a', 'b', 'c', 'd', 'e'].map(id);
  for (const one of ids) start(request(one));
  assert.deepEqual(ids.map(address), ['10.0.0.1', '10.0.0.2', '10.0.0.4', '10.0.0.5', '10.0.0.6']);
  assert.throws(() => start(request(id('f'))), /no available IPv4 addresses/);
  end(id('b'));
  start(request(id('f')));
  assert.equal(address(id('f')), '10.0.0.2');
});

test('a start that fails takes nothing', () => {
  const { networks, rows, start } = open();
  const exposed = { ExposedPorts: { '80/tcp': {}, '81/tcp': {} } };
  const one = request(id('a'), { host: { PortBindings: { '80/tcp': [{ HostIp: '127.9.0.1', HostPort: '39871' }] } } });
  start({ ...one, config: { ...one.config, ...exposed } });
  const two = request(id('b'), {
    host: {
      PortBindings: {
        '80/tcp': [{ HostIp: '127.9.0.1', HostPort: '39872' }],
        '81/tcp': [{ HostIp: '127.9.0.1', HostPort: '39871' }],
      },
    },
  });
  assert.throws(
    () => start({ ...two, config: { ...two.config, ...exposed } }),
    (error: Error) =>
      isKind(error, 'internal') &&
      /^failed to set up container networking: driver failed programming external connectivity on endpoint c-bb \([0-9a-f]{64}\): Bind for 127\.9\.0\.1:39871 failed: port is already allocated$/.test(
        error.message,
      ),
  );
  assert.equal(networks.settings(id('b')).IPAddress, '');
  assert.deepEqual(
    rows.allPorts().map(({ hostPort }) => hostPort),
    [39871],
  );
});

test("a port that the monitor could not listen on is told in Docker's words", () => {
  const { networks, rows, start } = open();
  start(request(id('a')));
  const socket = { protocol: 'tcp', hostIp: '0.0.0.0', hostPort: 80, target: { ip: '172.17.0.2', port: 80 } } as const;
  const endpoint = rows.endpoints(id('a'))[0]!.id;
  assert.equal(
    networks.portError(id('a'), socket, 'EADDRINUSE').message,
    `failed to set up container networking: driver failed programming external connectivity on endpoint c-aa (${endpoint}): ` +
      'failed to bind host port for 0.0.0.0:80:172.17.0.2:80/tcp: address already in use',
  );
});

test('settings have every field that dockerd 28 fills, in its order', () => {
  const { networks, rows, start } = open();
  start(request(id('a'), { endpoint: { MacAddress: '02:00:00:00:00:09' } }));
  const found = networks.settings(id('a'));
  const endpoint = rows.endpoints(id('a'))[0]!;
  const shared = { Gateway: '172.17.0.1', IPAddress: '172.17.0.2', IPPrefixLen: 16 };
  assert.equal(
    JSON.stringify(found),
    JSON.stringify({
      Bridge: '',
      SandboxID: rows.sandbox(id('a'))!.id,
      SandboxKey: '',
      Ports: {},
      HairpinMode: false,
      LinkLocalIPv6Address: '',
      LinkLocalIPv6PrefixLen: 0,
      SecondaryIPAddresses: null,
      SecondaryIPv6Addresses: null,
      EndpointID: endpoint.id,
      Gateway: shared.Gateway,
      GlobalIPv6Address: '',
      GlobalIPv6PrefixLen: 0,
      IPAddress: shared.IPAddress,
      IPPrefixLen: 16,
      IPv6Gateway: '',
      MacAddress: '02:00:00:00:00:09',
      Networks: {
        bridge: {
          IPAMConfig: null,
          Links: null,
          Aliases: null,
          MacAddress: '02:00:00:00:00:09',
          DriverOpts: null,
          GwPriority: 0,
          NetworkID: rows.network('bridge')!.id,
          EndpointID: endpoint.id,
          ...shared,
          IPv6Gateway: '',
          GlobalIPv6Address: '',
          GlobalIPv6PrefixLen: 0,
          DNSNames: null,
        },
      },
    }),
  );
});

test('the modes: host and none have an endpoint without address, container: has none', () => {
  const { networks, rows, start, end } = open();
  assert.deepEqual(start(request(id('a'), { mode: 'host' })), { netns: 'host', sockets: [] });
  assert.deepEqual(start(request(id('b'), { mode: 'none' })), { netns: 'none', sockets: [] });
  start(request(id('c')));
  assert.deepEqual(start(request(id('d'), { mode: `container:${id('c')}` })), {
    netns: { container: id('c') },
    sockets: [],
  });
  const host = networks.settings(id('a'));
  assert.equal(host.Networks.host?.NetworkID, rows.network('host')!.id);
  assert.match(host.Networks.host?.EndpointID ?? '', /^[0-9a-f]{64}$/);
  assert.deepEqual(networks.settings(id('d')).Networks, {});
  assert.equal(networks.files(id('d')).hosts, networks.files(id('c')).hosts);
  assert.deepEqual(Object.keys(networks.inspect('none').Containers), [id('b')]);
  end(id('a'));
  const stopped = networks.settings(id('a'));
  assert.equal(
    stopped.Networks.host?.NetworkID,
    rows.network('host')!.id,
    'Docker: the network stays, the endpoint goes',
  );
  assert.equal(stopped.Networks.host?.EndpointID, '');
});

test('a network that is not there is found missing at start, as Docker does', () => {
  const { networks, start, store } = open();
  const wanted = request(id('a'), { mode: 'nope' });
  assert.deepEqual(networks.validate(wanted), []);
  store.tx(() => networks.register(wanted));
  assert.deepEqual(Object.keys(networks.settings(id('a')).Networks), ['nope']);
  assert.throws(
    () => start(wanted),
    (error: Error) =>
      isKind(error, 'not-found') && error.message === 'failed to set up container networking: network nope not found',
  );
  store.tx(() => networks.forget(id('a')));
  assert.deepEqual(networks.settings(id('a')).Networks, {});
});

test('what Docker refuses at create is refused in its words', () => {
  const { networks } = open();
  const own = 'user specified IP address is supported on user defined networks only';
  const subnet = 'user specified IP address is supported only when connecting to networks with user configured subnets';
  const refused = (change: Parameters<typeof request>[1], message: string) =>
    assert.throws(
      () => networks.validate(request(id('a'), change)),
      (error: Error) => isKind(error, 'invalid-argument') && error.message === message,
      message,
    );
  const head = 'invalid config for network bridge: ';
  const settings = `${head}invalid endpoint settings:\n`;
  refused({ endpoint: { IPAMConfig: { IPv4Address: '172.17.0.9' } } }, `${settings}* ${own}\n* ${subnet}`);
  refused(
    { endpoint: { IPAMConfig: { IPv4Address: 'x' } } },
    `${settings}* ${own}\n* invalid IPv4 address: x\n* ${subnet}`,
  );
  refused({ endpoint: { IPAMConfig: { LinkLocalIPs: ['x'] } } }, `${settings}invalid link-local IP address: x`);
  refused(
    { endpoint: { Aliases: ['x'] } },
    `${settings}network-scoped alias is supported only for containers in user defined networks`,
  );
  refused({ endpoint: { MacAddress: 'zz' } }, `${head}invalid MAC address zz`);
  refused({ mode: 'container:' }, 'invalid network mode: invalid container format container:<name|id>');
  refused({ host: { ExtraHosts: ['foo'] } }, 'bad format for add-host: "foo"');
  refused({ host: { ExtraHosts: ['foo:bar'] } }, 'invalid IP address in add-host: "bar"');
  const publishing = { mode: 'host', host: { PortBindings: { '80/tcp': [{ HostIp: '', HostPort: '80' }] } } };
  assert.deepEqual(networks.validate(request(id('a'), publishing)), [
    'Published ports are discarded when using host network mode',
  ]);
});

test('the three predefined networks are listed, filtered and protected', async () => {
  const { networks, rows } = open();
  const names = (filters: Record<string, string[]>) => networks.list(filters).map(({ Name }) => Name);
  assert.deepEqual(names({}), ['none', 'host', 'bridge']);
  assert.deepEqual(names({ name: ['o'] }), ['none', 'host']);
  assert.deepEqual(names({ driver: ['null', 'bridge'] }), ['none', 'bridge']);
  assert.deepEqual(names({ type: ['custom'] }), []);
  assert.deepEqual(names({ dangling: ['true'] }), []);
  assert.deepEqual(names({ scope: ['local'], type: ['builtin'] }).length, 3);
  assert.throws(() => names({ nope: ['x'] }), { message: "invalid filter 'nope'" });
  assert.throws(() => names({ type: ['x'] }), { message: "invalid filter: 'type'='x'" });
  assert.throws(() => names({ dangling: ['x'] }), {
    message: 'invalid value for filter \'dangling\', must be "true" (or "1"), or "false" (or "0")',
  });
  const { id: bridgeId } = rows.network('bridge')!;
  assert.equal(networks.inspect(bridgeId.slice(0, 12)).Name, 'bridge');
  assert.throws(() => networks.inspect('nope'), { message: 'network nope not found' });
  await assert.rejects(networks.remove('bridge'), { message: 'bridge is a pre-defined network and cannot be removed' });
  await assert.rejects(networks.remove('nope'), { message: 'network nope not found' });
  await assert.rejects(networks.create({ Name: 'host' } as never), {
    message: 'operation is not permitted on predefined host network ',
  });
  assert.deepEqual(await networks.prune({}), { NetworksDeleted: null });
});

test('link names carry the mark, fit the kernel, and are told apart between engines', () => {
  const [plain, marked] = [namesOf(''), namesOf('abcdef')];
  assert.equal(linkName(plain, id('1')), 'gv111111111');
  assert.equal(linkName(marked, id('1')), 'gvabcdef1111111');
  assert.equal(isOwnLink(plain, 'gv111111111'), true);
  assert.equal(isOwnLink(plain, 'gvabcdef1111111'), false);
  assert.equal(isOwnLink(marked, 'gv111111111'), false);
  assert.equal(isOwnLink(marked, 'gvabcdef1111111'), true);
});
