import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ContainerConfig, HostConfig } from '#api';
import { Events } from '#events';
import { nullLog } from '#log';
import { zero } from '#schema';
import { Store } from '#store';
import { dropBridge } from './default-networks.ts';
import { Networks } from './networks.ts';
import { NetworkStore } from './store.ts';

function open({ store = Store.open(':memory:'), noBridge = false } = {}) {
  const config = { noBridge };
  const networks = new Networks({ store, events: new Events(store), log: nullLog, mark: '', config });
  const rows = new NetworkStore(store);
  const names = () => networks.list({}).map(({ Name }) => Name);
  return { store, networks, rows, names, drop: () => dropBridge({ rows, config, log: nullLog }) };
}

const request = {
  ...{ containerId: 'a'.repeat(64), name: 'c', hostname: 'c', domainname: '', endpoints: {} },
  hostConfig: { ...zero(HostConfig), PortBindings: { '80/tcp': [{ HostIp: '', HostPort: '39874' }] } },
  config: zero(ContainerConfig),
};

test('without a default bridge a container that would be in it starts with a namespace of its own and no place', () => {
  const { store, networks, names } = open({ noBridge: true });
  assert.deepEqual(names(), ['none', 'host']);
  store.tx(() => networks.register(request));
  assert.deepEqual(
    store.tx(() => networks.reserve(request)),
    { netns: 'private', sockets: [] },
  );
  const { Networks: places, Ports, IPAddress } = networks.settings(request.containerId);
  assert.deepEqual([places.bridge?.NetworkID, places.bridge?.EndpointID, Ports, IPAddress], ['', '', {}, '']);
});

test('without a default bridge host-gateway stands for nothing', () => {
  const { store, networks } = open({ noBridge: true });
  const hostConfig = { ...zero(HostConfig), ExtraHosts: ['x:host-gateway'] };
  assert.throws(() => store.tx(() => networks.reserve({ ...request, hostConfig })), {
    message: 'unable to derive the IP value for host-gateway',
  });
});

test('a default bridge that is not wanted any more stays while a container runs in it', () => {
  const before = open();
  const { store, rows } = before;
  rows.setSubnet(rows.network('bridge')!.id, {
    ...{ bridge: 'gantry0', subnet: '172.17.0.0/16', gateway: '172.17.0.1' },
    ...{ subnet6: null, gateway6: null },
  });
  store.tx(() => before.networks.register(request));
  store.tx(() => before.networks.reserve({ ...request, hostConfig: zero(HostConfig) }));
  const after = open({ store, noBridge: true });
  after.drop();
  assert.deepEqual(after.names(), ['none', 'host', 'bridge']);
  store.tx(() => after.networks.release(request.containerId));
  after.drop();
  assert.deepEqual(after.names(), ['none', 'host']);
  assert.deepEqual(open({ store }).names(), ['none', 'host', 'bridge']);
});
