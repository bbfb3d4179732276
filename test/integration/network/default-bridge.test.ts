import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { NetworkResource } from '#api';
import { importImage } from '../../conformance/image.ts';
import { startDaemon } from '../../harness/daemon.ts';
import { Own } from './own-networks.ts';

/** The default bridge with addresses of the user's choice. */
const net = `10.${200 + Math.floor(Math.random() * 30)}.${Math.floor(Math.random() * 256)}`;
const net6 = `fd5a:${Math.floor(Math.random() * 65_535).toString(16)}:1`;
const settings = ['--bip', `${net}.1/24`, '--fixed-cidr', `${net}.128/25`, '--default-gateway', `${net}.9`];
const settings6 = ['--ipv6', '--fixed-cidr-v6', `${net6}::/64`];
const daemon = await startDaemon({ args: [...settings, ...settings6] });
await importImage(daemon.socket);
const own = Own.on(daemon);
after(() => daemon.destroy());

const bridge = async () => (await own.must('GET', '/v1.50/networks/bridge')) as NetworkResource;

test('containers get addresses of the part that is meant for them, and the gateway that is named', async () => {
  const { EnableIPv6, IPAM } = await bridge();
  assert.equal(EnableIPv6, true);
  assert.deepEqual(IPAM.Config, [
    {
      Subnet: `${net}.0/24`,
      IPRange: `${net}.128/25`,
      Gateway: `${net}.1`,
      AuxiliaryAddresses: { DefaultGatewayIPv4: `${net}.9` },
    },
    { Subnet: `${net6}::/64`, IPRange: `${net6}::/64`, Gateway: `${net6}::1` },
  ]);
  await own.run('first', { bridge: {} });
  assert.equal(await own.address('first', 'bridge'), `${net}.128`);
  const routes = await own.sh('first', 'ip route; ip -6 route');
  assert.match(routes, new RegExp(`default via ${net.replaceAll('.', '\\.')}\\.9 dev eth0`));
  assert.match(routes, new RegExp(`default via ${net6}::1 dev eth0`));
});

test('containers reach each other and the bridge by IPv6', async () => {
  await own.run('second', { bridge: {} });
  const { NetworkSettings } = (await own.must('GET', '/v1.50/containers/first/json')) as {
    NetworkSettings: Record<string, unknown>;
  };
  const { GlobalIPv6Address, GlobalIPv6PrefixLen, IPv6Gateway, Gateway } = NetworkSettings;
  assert.deepEqual([GlobalIPv6PrefixLen, IPv6Gateway, Gateway], [64, `${net6}::1`, `${net}.9`]);
  assert.match(await own.sh('second', `ping -6 -c 1 -W 5 ${GlobalIPv6Address}`), /1 packets received/);
  assert.match(await own.sh('second', `ping -6 -c 1 -W 5 ${net6}::1`), /1 packets received/);
  assert.match(await own.sh('first', 'cat /etc/hosts'), new RegExp(`^${GlobalIPv6Address}\t`, 'm'));
});

test('a linked container is told of the other in its environment', async () => {
  await own.run('db', { bridge: {} }, { Env: ['SECRET=yes'], ExposedPorts: { '5432/tcp': {} } });
  await own.run('web', { bridge: {} }, { HostConfig: { Links: ['db:data-base'] } });
  const address = await own.address('db', 'bridge');
  const lines = (await own.sh('web', 'env')).split('\n');
  for (const line of [
    `DATA_BASE_PORT=tcp://${address}:5432`,
    `DATA_BASE_PORT_5432_TCP_ADDR=${address}`,
    'DATA_BASE_NAME=/web/data-base',
    'DATA_BASE_ENV_SECRET=yes',
  ]) {
    assert.ok(lines.includes(line), line);
  }
  assert.match(await own.sh('web', "tr '\\0' '\\n' </proc/1/environ"), /^DATA_BASE_NAME=\/web\/data-base$/m);
  await own.must('POST', '/containers/web/stop?t=0');
  await own.must('POST', '/containers/db/stop?t=0');
  assert.equal(
    await own.refusal('POST', '/containers/web/start'),
    'Cannot link to a non running container: /db AS /web/data-base',
  );
});

test('without containers a restart takes over other settings, and says what does not fit', async () => {
  for (const name of ['first', 'second', 'db', 'web']) await own.must('DELETE', `/containers/${name}?force=1`);
  await daemon.stop();
  await assert.rejects(
    daemon.start({ args: ['--bip', `${net}.1/24`, '--fixed-cidr', '192.168.0.0/24'] }),
    /fixed-cidr: "192\.168\.0\.0\/24" is not a part of bip/,
  );
  await daemon.start({ args: ['--bip', `${net}.5/24`] });
  const { EnableIPv6, IPAM } = await bridge();
  assert.deepEqual([EnableIPv6, IPAM.Config], [false, [{ Subnet: `${net}.0/24`, Gateway: `${net}.5` }]]);
});
