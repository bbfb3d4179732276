import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { after, before, test } from 'node:test';
import { Own } from './own-networks.ts';

/** Containers in a network without IPv4. */
const NETWORK = 'fd0a:224::';
const BRIDGE = `six-${process.pid}`;
let own: Own;
before(async () => {
  own = await Own.open();
  await own.network('six', {
    EnableIPv4: false,
    EnableIPv6: true,
    IPAM: { Config: [{ Subnet: `${NETWORK}/64` }] },
    Options: { 'com.docker.network.bridge.name': BRIDGE },
  });
  await own.run('web', { six: {} }, serving());
  await own.run('other', { six: {} });
});
after(() => own.daemon.destroy());

/** A container that serves its files in /etc on a published port. */
const serving = (): Record<string, unknown> => ({
  Cmd: ['httpd', '-f', '-p', '[::]:80', '-h', '/etc'],
  Hostname: 'served',
  ExposedPorts: { '80/tcp': {} },
  HostConfig: { PortBindings: { '80/tcp': [{ HostIp: '', HostPort: '' }] } },
});

async function published(): Promise<string> {
  const { NetworkSettings } = (await own.must('GET', '/containers/web/json')) as {
    NetworkSettings: { Ports: Record<string, { HostIp: string; HostPort: string }[]> };
  };
  const [binding, ...more] = NetworkSettings.Ports['80/tcp']!;
  assert.deepEqual([binding?.HostIp, more], ['::', []]);
  return await (await fetch(`http://[::1]:${binding!.HostPort}/hostname`)).text();
}

test('they have IPv6 addresses and routes only, names, and reach each other', async () => {
  assert.doesNotMatch(await own.sh('other', 'ip -4 addr show eth0; ip -4 route'), /inet|via/);
  assert.match(await own.sh('other', 'ip -6 route'), new RegExp(`default via ${NETWORK}1 dev eth0`));
  assert.match(await own.sh('other', 'cat /etc/hosts'), new RegExp(`^${NETWORK}3\t`, 'm'));
  assert.deepEqual(await own.resolve('other', 'web', 'aaaa'), [`${NETWORK}2`]);
  assert.deepEqual(await own.resolve('other', 'web', 'a'), []);
  assert.ok(await own.reaches('other', 'web'));
});

test('their published ports are served on IPv6, also after the daemon was killed', async () => {
  assert.equal(await published(), 'served\n');
  await own.daemon.stop('SIGKILL');
  await own.daemon.start();
  assert.equal(await published(), 'served\n');
  assert.ok(await own.reaches('other', 'web'));
});

test('a running container of the default bridge comes and goes', async () => {
  await own.run('guest', { bridge: {} });
  await own.must('POST', '/networks/six/connect', { Container: 'guest' });
  assert.ok(await own.reaches('guest', 'web'));
  assert.match(
    await own.sh('guest', 'ip route; ip -6 route'),
    /default via \S+ dev eth0[\s\S]*default via fd\S+ dev eth1/,
  );
  await own.must('POST', '/networks/six/disconnect', { Container: 'guest' });
  assert.doesNotMatch(await own.sh('guest', 'ip addr'), /eth1/);
});

test('its bridge has no IPv4 address, and goes with the network', async () => {
  const six = (networkInterfaces()[BRIDGE] ?? []).map(({ address }) => address);
  assert.ok(six.includes(`${NETWORK}1`));
  assert.ok(six.every((address) => address.includes(':')));
  for (const name of ['web', 'other']) await own.must('DELETE', `/containers/${name}?force=1`);
  await own.must('DELETE', '/networks/six');
  assert.equal(existsSync(`/sys/class/net/${BRIDGE}`), false);
});
