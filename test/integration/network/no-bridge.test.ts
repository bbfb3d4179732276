import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, test } from 'node:test';
import { Own } from './own-networks.ts';

/** A daemon that is told to have no default bridge (`-b none`). */
const own = await Own.open();
after(() => own.daemon.destroy());

const names = async () => ((await own.must('GET', '/networks')) as { Name: string }[]).map(({ Name }) => Name).sort();

async function restart(...args: string[]): Promise<void> {
  await own.daemon.stop();
  await own.daemon.start({ args });
}

test('it stays while a container that had it runs, and then is gone', async () => {
  await own.run('old', { bridge: {} });
  const { Options } = (await own.must('GET', '/networks/bridge')) as { Options: Record<string, string> };
  const link = `/sys/class/net/${Options['com.docker.network.bridge.name']}`;
  assert.ok(existsSync(link));
  await restart('-b', 'none');
  assert.deepEqual(await names(), ['bridge', 'host', 'none']);
  assert.ok(await own.reaches('old', await own.address('old', 'bridge')));
  await own.must('DELETE', '/containers/old?force=1');
  await restart('-b', 'none');
  assert.deepEqual(await names(), ['host', 'none']);
  assert.equal(existsSync(link), false);
});

test('containers that are given no other network have their loopback only', async () => {
  await own.run('alone', { bridge: {} }, { HostConfig: { PortBindings: { '80/tcp': [{ HostPort: '' }] } } });
  const addresses = await own.sh('alone', 'ip addr');
  assert.match(addresses, /inet 127\.0\.0\.1/);
  assert.doesNotMatch(addresses, /eth0/);
  const { HostConfig, NetworkSettings } = (await own.must('GET', '/v1.50/containers/alone/json')) as {
    HostConfig: { NetworkMode: string };
    NetworkSettings: { Networks: Record<string, { NetworkID: string }>; Ports: object };
  };
  assert.equal(HostConfig.NetworkMode, 'bridge');
  assert.deepEqual([NetworkSettings.Networks['bridge']?.NetworkID, NetworkSettings.Ports], ['', {}]);
});

test('networks of the user are there as ever', async () => {
  await own.network('mine');
  await own.run('one', { mine: {} });
  await own.must('POST', '/networks/mine/connect', { Container: 'alone' });
  await own.must('POST', '/networks/bridge/connect', { Container: 'one' });
  assert.ok(await own.reaches('alone', 'one'));
  assert.equal(await own.refusal('DELETE', '/networks/bridge'), 'network bridge not found');
  assert.equal(await own.refusal('GET', '/networks/bridge'), 'network bridge not found');
  assert.match(await own.refusal('POST', '/networks/create', { Name: 'bridge' }), /not permitted on predefined bridge/);
});

test('it comes back when it is wanted again', async () => {
  await restart();
  assert.deepEqual(await names(), ['bridge', 'host', 'mine', 'none']);
  await own.run('new', { bridge: {} });
  assert.match(await own.sh('new', 'ip addr show eth0'), /inet /);
});
