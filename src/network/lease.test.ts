import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ContainerConfig, HostConfig } from '#api';
import { Events } from '#events';
import { nullLog } from '#log';
import { zero } from '#schema';
import { Store } from '#store';
import { Networks } from './networks.ts';
import type { SandboxRequest } from './reserve.ts';
import { NetworkStore } from './store.ts';

const RECORD = {
  ...{ ipam: { Driver: 'default', Options: null, Config: [] }, configured: [], internal: false, attachable: false },
  ...{ ipv4: false, ipv6: true, options: {}, labels: {}, reserved: [], reserved6: [], isForeign: false },
};

/** A module whose network `six` has no IPv4, and a start of a container in it that publishes a port. */
function open(HostIp: string) {
  const store = Store.open(':memory:');
  const networks = new Networks({ store, events: new Events(store), log: nullLog, mark: '', config: {} });
  const place = { bridge: 'br-six', subnet6: 'fd00:6::/64', gateway6: 'fd00:6::1', settings: JSON.stringify(RECORD) };
  const id = 'f'.repeat(64);
  store.tx(() => new NetworkStore(store).insertNetwork({ id, name: 'six', driver: 'bridge', created: '', ...place }));
  const PortBindings = { '80/tcp': [{ HostIp, HostPort: '39873' }] };
  const request: SandboxRequest = {
    ...{ containerId: 'a'.repeat(64), name: 'c', hostname: 'c', domainname: '', endpoints: {} },
    hostConfig: { ...zero(HostConfig), NetworkMode: 'six', PortBindings },
    config: { ...zero(ContainerConfig), ExposedPorts: { '80/tcp': {} } },
  };
  const reservation = store.tx(() => {
    networks.register(request);
    return networks.reserve(request);
  });
  return { networks, reservation, containerId: request.containerId };
}

test('without IPv4 a place has an IPv6 address, and its ports are those of IPv6', () => {
  const { networks, reservation, containerId } = open('');
  const { Networks: places, Ports } = networks.settings(containerId);
  const { IPAddress, IPPrefixLen, Gateway, GlobalIPv6Address, IPv6Gateway, MacAddress } = places.six!;
  assert.deepEqual([IPAddress, IPPrefixLen, Gateway], ['', 0, '']);
  assert.deepEqual([GlobalIPv6Address, IPv6Gateway, MacAddress], ['fd00:6::2', 'fd00:6::1', '02:42:00:00:00:02']);
  assert.deepEqual(Ports, { '80/tcp': [{ HostIp: '::', HostPort: '39873' }] });
  const target = { ip: 'fd00:6::2', port: 80 };
  assert.deepEqual(reservation.sockets, [{ protocol: 'tcp', hostIp: '::', hostPort: 39_873, target }]);
  assert.match(networks.files(containerId).hosts, /^fd00:6::2\tc$/m);
});

test('without IPv4 a port that is asked for at an IPv4 address is passed over', () => {
  const { networks, reservation, containerId } = open('0.0.0.0');
  assert.deepEqual(reservation.sockets, []);
  assert.deepEqual(networks.settings(containerId).Ports, { '80/tcp': null });
});
