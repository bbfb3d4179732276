import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually, fullId, Lab } from './lab.ts';

test('an engine that was killed finds its containers connected, and its leftovers are swept', async () => {
  await using lab = new Lab();
  const first = await lab.engine();
  await first.recover();
  const [web, dead] = [await lab.box(), await lab.box()];
  const address = await first.start('a1', web, ['8080:80/tcp']);
  await first.start('a2', dead, ['8081:80/tcp']);
  await lab.serve(web, 'tcp', 80, 'web');
  const before = await first.call('settings', fullId('a1'));
  await first.kill();
  assert.equal(await lab.ask('left', 'tcp', '10.91.1.1', 8080), 'web 10.91.1.2', 'no daemon is needed');

  const second = await lab.engine();
  await second.recover([[fullId('a1'), web.pid]]);
  assert.equal(await lab.ask('left', 'tcp', '10.91.1.1', 8080), 'web 10.91.1.2');
  assert.deepEqual(await second.call('settings', fullId('a1')), before);
  const table = lab.run('host', 'nft', 'list', 'table', 'inet', second.table);
  assert.match(table, new RegExp(`tcp . 8080 : ${address} . 80`));
  assert.doesNotMatch(table, /8081/);
  const links = () => lab.run('host', 'ip', '-o', 'link').match(/gv1ab000/g)?.length ?? 0;
  await eventually(() => links() === 1);
  assert.equal((await second.call('settings', fullId('a2'))).IPAddress, '');
});

test('a second start changes nothing', async () => {
  await using lab = new Lab();
  // The kernel takes a second to make sure that an IPv6 address is nobody else's.
  const state = () =>
    lab
      .run('host', 'sh', '-c', 'ip -o -d addr; ip route; nft -s list ruleset; sysctl net.ipv4.ip_forward')
      .replaceAll(' tentative', '');
  const first = await lab.engine();
  await first.recover();
  const box = await lab.box();
  await first.start('a1', box, ['8080:80/tcp']);
  const before = state();
  await first.kill();
  const second = await lab.engine();
  await second.recover([[fullId('a1'), box.pid]]);
  assert.equal(state(), before);
});

test('a bridge that somebody deleted is made again, with its containers', async () => {
  await using lab = new Lab();
  const first = await lab.engine();
  await first.recover();
  const [web, gone] = [await lab.box(), await lab.box()];
  await first.start('a1', web, ['8080:80/tcp']);
  await first.start('a2', gone, ['8081:80/tcp']);
  await lab.serve(web, 'tcp', 80, 'web');
  await lab.serve(gone, 'tcp', 80, 'gone');
  const { EndpointID } = await first.call('settings', fullId('a2'));
  await first.kill();
  lab.run('host', 'ip', 'link', 'delete', first.bridge);
  lab.run('host', 'ip', 'link', 'delete', `gv1ab000${EndpointID.slice(0, 7)}`);

  const second = await lab.engine();
  await second.recover([
    [fullId('a1'), web.pid],
    [fullId('a2'), gone.pid],
  ]);
  assert.equal(await lab.ask('left', 'tcp', '10.91.1.1', 8080), 'web 10.91.1.2');
  assert.equal(await lab.ask('left', 'tcp', '10.91.1.1', 8081), 'gone 10.91.1.2');
});

test('an interface outlives nobody: the namespace is held by another, the link goes anyway', async () => {
  await using lab = new Lab();
  const engine = await lab.engine();
  await engine.recover();
  const box = await lab.box();
  await engine.start('a1', box);
  await lab.serve(box, 'tcp', 80, 'holder');
  await engine.stop('a1', box);
  await eventually(() => !lab.run('host', 'ip', '-o', 'link').includes('gv1ab000'));
});

test('a UDP flow follows its port to the next container', async () => {
  await using lab = new Lab();
  const engine = await lab.engine();
  await engine.recover();
  const [old, next] = [await lab.box(), await lab.box()];
  await engine.start('a1', old, ['8053:53/udp']);
  await lab.serve(old, 'udp', 53, 'old');
  assert.equal(await lab.ask('left', 'udp', '10.91.1.1', 8053), 'old 10.91.1.2');
  assert.match(lab.run('host', 'conntrack', '-L', '-p', 'udp'), /dport=8053/);
  await engine.stop('a1', old);
  await eventually(() => !lab.run('host', 'conntrack', '-L', '-p', 'udp').includes('dport=8053'));
  await engine.start('a2', next, ['8053:53/udp']);
  await lab.serve(next, 'udp', 53, 'next');
  assert.equal(await lab.ask('left', 'udp', '10.91.1.1', 8053), 'next 10.91.1.2');
});

test('the addresses of this host are left alone', async () => {
  await using lab = new Lab();
  lab.run('left', 'ip', 'address', 'add', '172.17.5.1/24', 'dev', 'lo');
  lab.run('host', 'ip', 'route', 'add', '172.17.5.0/24', 'via', '10.91.1.2');
  const engine = await lab.engine({}, '');
  await engine.recover();
  const { IPAM } = await engine.call('inspect', 'bridge');
  assert.deepEqual(IPAM.Config, [{ Subnet: '172.18.0.0/16', Gateway: '172.18.0.1' }]);
  await engine.kill();
  const other = await lab.engine({ bip: '10.99.0.1/24' }, '');
  await other.recover();
  assert.deepEqual((await other.call('inspect', 'bridge')).IPAM.Config, [
    { Subnet: '10.99.0.0/24', Gateway: '10.99.0.1' },
  ]);
  assert.match(lab.run('host', 'ip', '-br', 'address', 'show', 'gantry0'), /10\.99\.0\.1\/24 *$/m);
});

test('a bridge deleted while the engine runs is back with the next start, and the others are connected to it', async () => {
  await using lab = new Lab();
  const engine = await lab.engine();
  await engine.recover();
  const [web, next] = [await lab.box(), await lab.box()];
  await engine.start('a1', web, ['8080:80/tcp']);
  await lab.serve(web, 'tcp', 80, 'web');
  lab.run('host', 'ip', 'link', 'delete', engine.bridge);
  await engine.start('a2', next, ['8081:80/tcp']);
  await lab.serve(next, 'tcp', 80, 'next');
  assert.equal(await lab.ask('left', 'tcp', '10.91.1.1', 8081), 'next 10.91.1.2');
  assert.equal(await lab.ask('left', 'tcp', '10.91.1.1', 8080), 'web 10.91.1.2');
});

test('a start right after a flush of the firewall succeeds', async () => {
  await using lab = new Lab();
  const engine = await lab.engine();
  await engine.recover();
  const web = await lab.box();
  lab.run('host', 'nft', 'flush', 'ruleset');
  await engine.start('a1', web, ['8080:80/tcp']);
  await lab.serve(web, 'tcp', 80, 'web');
  await eventually(async () => (await lab.ask('left', 'tcp', '10.91.1.1', 8080)) === 'web 10.91.1.2');
});

test("a process in the host's own namespace gets no interface", async () => {
  await using lab = new Lab();
  const engine = await lab.engine();
  await engine.recover();
  await assert.rejects(
    engine.start('a1', { pid: engine.pid, kill: () => true }),
    /has no network namespace of its own/,
  );
  assert.doesNotMatch(lab.run('host', 'ip', '-o', 'link'), /gv1ab000/);
});
