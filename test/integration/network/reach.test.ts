import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Lab } from './lab.ts';

test('containers reach out behind the host and are reached by their published ports alone', async (t) => {
  await using lab = new Lab();
  const engine = await lab.engine();
  await engine.recover();
  const [web, other] = [await lab.box(), await lab.box()];
  const address = await engine.start('a1', web, [
    '8080:80/tcp',
    '8053:53/udp',
    '127.0.0.1:8090:90/tcp',
    '10.91.1.1:8070:80/tcp',
  ]);
  const otherAddress = await engine.start('a2', other);
  await lab.serve(web, 'tcp', 80, 'web');
  await lab.serve(web, 'tcp', 90, 'private');
  await lab.serve(web, 'udp', 53, 'dns');
  await lab.serve('left', 'tcp', 7000, 'left');

  await t.test('outbound traffic carries the address of the host', async () => {
    assert.equal(await lab.ask(web, 'tcp', '10.91.1.2', 7000), 'left 10.91.1.1');
  });
  await t.test('published ports answer neighbours, who stay visible', async () => {
    assert.equal(await lab.ask('left', 'tcp', '10.91.1.1', 8080), 'web 10.91.1.2');
    assert.equal(await lab.ask('right', 'tcp', '10.91.1.1', 8080), 'web 10.91.2.2');
    assert.equal(await lab.ask('left', 'udp', '10.91.1.1', 8053), 'dns 10.91.1.2');
  });
  await t.test('a port on one address of the host answers there only', async () => {
    assert.equal(await lab.ask('left', 'tcp', '10.91.1.1', 8070), 'web 10.91.1.2');
    assert.equal(await lab.ask('right', 'tcp', '10.91.2.1', 8070), undefined);
  });
  await t.test('the host reaches a published port by its own address', async () => {
    assert.equal(await lab.ask('host', 'tcp', '10.91.2.1', 8080), 'web 10.91.2.1');
  });
  await t.test('a neighbour container and the container itself come back in (hairpin)', async () => {
    const gateway = (await engine.call('settings', 'a1'.padEnd(64, '0'))).Gateway;
    assert.equal(await lab.ask(other, 'tcp', '10.91.1.1', 8080), `web ${gateway}`);
    assert.equal(await lab.ask(web, 'tcp', '10.91.1.1', 8080), `web ${gateway}`);
    assert.equal(await lab.ask(other, 'udp', '10.91.1.1', 8053), `dns ${gateway}`);
  });
  await t.test('containers of one bridge talk to each other', async () => {
    assert.equal(await lab.ask(other, 'tcp', address, 80), `web ${otherAddress}`);
  });
  await t.test('no neighbour reaches a container by its own address', async () => {
    assert.equal(await lab.ask('left', 'tcp', address, 80), undefined);
    assert.equal(await lab.ask('left', 'udp', address, 53), undefined);
  });
  await t.test('a port on the loopback address is closed to neighbours, even with route_localnet', async () => {
    lab.run('host', 'sysctl', '-qw', 'net.ipv4.conf.all.route_localnet=1');
    // The neighbour's own loopback makes way for a route to the host's.
    lab.run('left', 'sysctl', '-qw', 'net.ipv4.conf.all.route_localnet=1');
    lab.run('left', 'ip', 'address', 'delete', '127.0.0.1/8', 'dev', 'lo');
    lab.run('left', 'ip', 'route', 'add', '127.0.0.0/8', 'via', '10.91.1.1', 'src', '10.91.1.2');
    await lab.serve('host', 'tcp', 8090, 'monitor');
    await lab.serve('host', 'tcp', 8091, 'control');
    assert.equal(await lab.ask('left', 'tcp', '127.0.0.1', 8091), 'control 10.91.1.2');
    assert.equal(await lab.ask('left', 'tcp', '127.0.0.1', 8090), undefined);
  });
  await t.test('the host did not become a router between its neighbours', async () => {
    assert.equal(await lab.ask('right', 'tcp', '10.91.1.2', 7000), undefined);
  });
  await t.test('after the end nothing answers', async () => {
    await engine.stop('a1', web);
    assert.equal(await lab.ask('left', 'tcp', '10.91.1.1', 8080), undefined);
    assert.doesNotMatch(lab.run('host', 'nft', 'list', 'table', 'inet', engine.table), /8080|8053|8090|8070/);
  });
});

test('icc=false keeps the containers of a bridge apart but not from published ports', async () => {
  await using lab = new Lab();
  const engine = await lab.engine({ icc: false });
  await engine.recover();
  const [web, other] = [await lab.box(), await lab.box()];
  const address = await engine.start('b1', web, ['8080:80/tcp']);
  await engine.start('b2', other);
  await lab.serve(web, 'tcp', 80, 'web');
  assert.equal(await lab.ask(other, 'tcp', address, 80), undefined);
  assert.match((await lab.ask(other, 'tcp', '10.91.1.1', 8080)) ?? '', /^web /);
});

test('two engines side by side: their containers are apart, published ports are not', async () => {
  await using lab = new Lab();
  const first = await lab.engine({}, '1ab001');
  const second = await lab.engine({}, '1ab002');
  await Promise.all([first.recover(), second.recover()]);
  const [web, other] = [await lab.box(), await lab.box()];
  const address = await first.start('c1', web, ['8080:80/tcp']);
  await second.start('c2', other);
  await lab.serve(web, 'tcp', 80, 'web');
  assert.equal(await lab.ask(other, 'tcp', address, 80), undefined);
  assert.match((await lab.ask(other, 'tcp', '10.91.1.1', 8080)) ?? '', /^web /);
  await assert.rejects(
    second.call('reserve', 'c3', ['8080:80/tcp']).then(() => second.call('reserve', 'c4', ['8080:80/tcp'])),
    {
      message: /^failed to set up container networking: driver failed programming external connectivity on endpoint c/,
    },
  );
});
