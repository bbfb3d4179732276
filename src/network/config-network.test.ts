import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ContainerConfig, HostConfig, NetworkCreateRequest } from '#api';
import { isKind } from '#errdefs';
import { Events } from '#events';
import { nullLog } from '#log';
import { zero } from '#schema';
import { Store } from '#store';
import { assertUnusedConfiguration, withConfiguration } from './config-network.ts';
import { Networks } from './networks.ts';
import { NetworkStore } from './store.ts';

const CONFIG = { Subnet: '10.9.0.0/24', Gateway: '10.9.0.9' };

const asked = (Name: string, more: Partial<NetworkCreateRequest> = {}): NetworkCreateRequest => ({
  ...zero(NetworkCreateRequest),
  Name,
  ...more,
});

async function open() {
  const store = Store.open(':memory:');
  const config = { defaultOptions: { 'com.docker.network.driver.mtu': '1300' } };
  const networks = new Networks({ store, events: new Events(store), log: nullLog, mark: '', config });
  const IPAM = { Driver: '', Options: null, Config: [CONFIG] };
  await networks.create(asked('kept', { ConfigOnly: true, IPAM, Labels: { a: 'b' }, EnableIPv6: true }));
  return { store, networks, rows: new NetworkStore(store) };
}

test('a configuration is shown as a network of the null driver, with the options of the daemon', async () => {
  const { networks } = await open();
  const shown = networks.inspect('kept');
  assert.equal(shown.Driver, 'null');
  assert.equal(shown.ConfigOnly, true);
  assert.deepEqual(shown.IPAM, { Driver: 'default', Options: null, Config: [CONFIG] });
  assert.deepEqual(shown.Options, { 'com.docker.network.driver.mtu': '1300' });
  assert.deepEqual(await networks.prune({}), { NetworksDeleted: null });
});

test('what is made of it takes all of it, by its name only', async () => {
  const { networks, rows } = await open();
  const made = withConfiguration(rows, asked('made', { ConfigFrom: { Network: 'kept' }, Internal: true }));
  assert.deepEqual(made.IPAM?.Config, [CONFIG]);
  assert.deepEqual(made.Labels, { a: 'b' });
  assert.deepEqual([made.EnableIPv4, made.EnableIPv6, made.Internal], [true, true, true]);
  const { Id } = networks.inspect('kept');
  for (const Network of [Id, 'bridge', 'nosuch']) {
    assert.throws(() => withConfiguration(rows, asked('made', { ConfigFrom: { Network } })), {
      message: `configuration network "${Network}" does not exist`,
    });
  }
});

test('it is held while a network is made of it', async () => {
  const { rows } = await open();
  const held = rows.network('kept')!;
  assertUnusedConfiguration(rows, held);
  const settings = JSON.stringify({ configFrom: 'kept' });
  rows.tx(() => rows.insertNetwork({ id: 'f'.repeat(64), name: 'made', driver: 'bridge', created: '', settings }));
  assert.throws(() => assertUnusedConfiguration(rows, held), {
    message: 'error while removing network: configuration network "kept" is in use',
  });
});

test('no container starts in it', async () => {
  const { store, networks } = await open();
  const request = {
    ...{ containerId: 'a'.repeat(64), name: 'c', hostname: 'c', domainname: '', endpoints: {} },
    hostConfig: { ...zero(HostConfig), NetworkMode: 'kept' },
    config: zero(ContainerConfig),
  };
  store.tx(() => networks.register(request));
  assert.throws(
    () => store.tx(() => networks.reserve(request)),
    (error: Error) =>
      isKind(error, 'forbidden') &&
      error.message === 'failed to set up container networking: cannot create endpoint on configuration-only network',
  );
});
