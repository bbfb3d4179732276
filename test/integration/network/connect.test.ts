import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Own } from './own-networks.ts';

/** Containers that join and leave networks while they run, and networks that are kept apart. */
let own: Own;
before(async () => {
  own = await Own.open();
  await own.network('first', { IPAM: { Config: [{ Subnet: '10.231.0.0/24' }] } });
  await own.network('second', { EnableIPv6: true });
  await own.network('closed', { Options: { 'com.docker.network.bridge.enable_icc': 'false' } });
  await own.run('mover', { bridge: {} });
  await own.run('fixed', { first: {} });
  await own.run('other', { second: {} });
});
after(() => own.daemon.destroy());

const connect = (network: string, EndpointConfig: object = {}) =>
  own.must('POST', `/networks/${network}/connect`, { Container: 'mover', EndpointConfig });
const disconnect = (network: string) => own.must('POST', `/networks/${network}/disconnect`, { Container: 'mover' });
const look = (command: string) => own.sh('mover', command);

test('an interface comes with its address, its names and its files', async () => {
  assert.equal(await own.reaches('mover', await own.address('fixed', 'first')), false);
  assert.doesNotMatch(await look('cat /etc/resolv.conf'), /127\.0\.0\.11/);
  await connect('first', {
    Aliases: ['moved'],
    IPAMConfig: { IPv4Address: '10.231.0.77' },
    DriverOpts: { 'com.docker.network.endpoint.sysctls': 'net.ipv4.conf.IFNAME.log_martians=1' },
  });
  assert.match(await look('ip -4 addr show eth1'), /inet 10\.231\.0\.77\/24/);
  assert.equal((await look('cat /proc/sys/net/ipv4/conf/eth1/log_martians')).trim(), '1');
  assert.match(await look('cat /etc/hosts'), /^10\.231\.0\.77\t/m);
  assert.match(await look('cat /etc/resolv.conf'), /nameserver 127\.0\.0\.11/);
  assert.deepEqual(await own.resolve('fixed', 'moved'), ['10.231.0.77']);
  assert.ok(await own.reaches('mover', 'fixed'));
  assert.match(await look('ip route'), /default via \S+ dev eth0/);
});

test('the default route follows the priority, and what is left', async () => {
  await connect('second', { GwPriority: 5 });
  assert.match(await look('ip route; ip -6 route'), /default via \S+ dev eth2 [\s\S]*default via fd\S+ dev eth2/);
  await disconnect('second');
  assert.match(await look('ip route'), /default via \S+ dev eth0/);
  await disconnect('bridge');
  assert.match(await look('ip route'), /default via 10\.231\.0\.1 dev eth1/);
  await connect('bridge');
  assert.match(await look('ip addr show eth0'), /inet /);
});

test('an edited resolv.conf and foreign lines of hosts stay', async () => {
  await look('echo "# mine" >>/etc/resolv.conf; echo "192.0.2.1 mine" >>/etc/hosts');
  await disconnect('first');
  assert.match(await look('cat /etc/resolv.conf'), /# mine/);
  const hosts = await look('cat /etc/hosts');
  assert.match(hosts, /192\.0\.2\.1 mine/);
  assert.doesNotMatch(hosts, /10\.231\.0\.77/);
  assert.deepEqual(await own.resolve('fixed', 'moved'), []);
});

test('who leaves its last network has only itself', async () => {
  await disconnect('bridge');
  assert.doesNotMatch(await look('ip link'), /eth0/);
  await connect('first');
  assert.ok(await own.reaches('mover', await own.address('fixed', 'first')));
});

test('a connect outlives the daemon, one cut short is completed', async () => {
  await own.daemon.stop('SIGKILL');
  await own.daemon.start({ env: { GANTRY_FAILPOINT: 'container.connect.recorded' } });
  await connect('second').catch(() => undefined);
  await own.daemon.exited();
  await own.daemon.start();
  assert.ok(await own.reaches('mover', await own.address('other', 'second')));
  assert.ok(await own.reaches('mover', await own.address('fixed', 'first')));
});

test('an endpoint has link-local addresses beside its own', async () => {
  const LinkLocalIPs = ['169.254.7.7', 'fe80::7:7'];
  await own.run('linked', { second: { IPAMConfig: { LinkLocalIPs } } });
  assert.match(
    await own.sh('linked', 'ip addr show eth0'),
    /inet 10\.\S+ [\s\S]*inet 169\.254\.7\.7\/16 [\s\S]*inet6 fe80::7:7\/64 /,
  );
});

test('networks are apart', async () => {
  assert.equal(await own.reaches('fixed', await own.address('other', 'second')), false);
  await own.run('near', { closed: {} });
  await own.run('far', { closed: {} });
  assert.equal(await own.reaches('near', await own.address('far', 'closed')), false);
});

test('a network may have frames too short for IPv6', async () => {
  await own.network('narrow', { Options: { 'com.docker.network.driver.mtu': '1000' } });
  await connect('narrow');
  assert.match(await look('ip link'), /mtu 1000/);
  await disconnect('narrow');
});
