import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Engine, eventually, IMAGE } from './engine.ts';

let engine: Engine;
before(async () => {
  engine = await Engine.open();
});
after(() => engine.daemon.destroy());

const SLEEP = ['sleep', '1000'];
const BRIDGE = { NetworkMode: 'bridge' };

const namesOf = async (filter: string) => {
  const filters = encodeURIComponent(JSON.stringify({ name: [filter] }));
  const list = (await engine.expect(200, 'GET', `/containers/json?all=1&filters=${filters}`)) as { Names: string[] }[];
  return list.map(({ Names }) => Names);
};
const linksOf = async (name: string) =>
  ((await engine.expect(200, 'GET', `/containers/${name}/json`)) as { HostConfig: { Links: string[] | null } })
    .HostConfig.Links;

test('a link is a name of the linked container, which follows renames of both and goes with either', async () => {
  const db = await engine.run('db', SLEEP, BRIDGE);
  await engine.run('app', SLEEP, { ...BRIDGE, Links: ['db:/mysql', 'db:other'] });
  assert.deepEqual(await namesOf('^/db$'), [['/db', '/app/mysql', '/app/other']]);
  assert.deepEqual(await namesOf('^/app/mysql$'), [['/db', '/app/mysql', '/app/other']]);
  await engine.expect(204, 'POST', '/containers/app/rename?name=site');
  await engine.expect(204, 'POST', '/containers/db/rename?name=base');
  const { Id } = (await engine.expect(200, 'GET', '/containers/site/mysql/json')) as { Id: string };
  assert.equal(Id, db);
  assert.deepEqual(await linksOf('site'), ['/base:/site/mysql', '/base:/site/other']);
  await engine.expect(404, 'GET', '/containers/app/mysql/json');
  await engine.expect(204, 'DELETE', '/containers/site/other?link=1');
  assert.deepEqual(await linksOf('site'), ['/base:/site/mysql']);
  await engine.expect(500, 'DELETE', '/containers/site?link=1');
  await engine.expect(204, 'DELETE', '/containers/base?force=1');
  assert.equal(await linksOf('site'), null);
});

test('a link to one in the network namespace of another leads to the owner of that', async () => {
  const owner = await engine.run('owner', SLEEP, BRIDGE);
  await engine.run('guest', SLEEP, { NetworkMode: 'container:owner' });
  await engine.run('caller', SLEEP, { ...BRIDGE, Links: ['guest:it'] });
  const { Id } = (await engine.expect(200, 'GET', '/containers/caller/it/json')) as { Id: string };
  assert.equal(Id, owner);
});

test('a linked container that comes back elsewhere is found there', async () => {
  const addressOf = async (name: string) => {
    const { NetworkSettings } = (await engine.expect(200, 'GET', `/containers/${name}/json`)) as {
      NetworkSettings: { Networks: { bridge: { IPAddress: string } } };
    };
    return NetworkSettings.Networks.bridge.IPAddress;
  };
  await engine.run('moving', SLEEP, BRIDGE);
  await engine.run('following', SLEEP, { ...BRIDGE, Links: ['moving:it'] });
  const was = await addressOf('moving');
  await engine.expect(204, 'POST', '/containers/moving/stop?t=0');
  await engine.run('settler', SLEEP, BRIDGE);
  await engine.expect(204, 'POST', '/containers/moving/start');
  const is = await addressOf('moving');
  assert.notEqual(is, was);
  const hosts = () => engine.exec('following', 'cat /etc/hosts');
  await eventually('it is told', async () => (await hosts()).includes(`${is}\tit `));
  assert.ok(!(await hosts()).includes(`${was}\tit `));
});

test('what is in the network of the host cannot be linked to', async () => {
  await engine.create('hosted', SLEEP, { NetworkMode: 'host' });
  const body = { Image: IMAGE, Cmd: SLEEP, HostConfig: { ...BRIDGE, Links: ['hosted:it'] } };
  const { message } = (await engine.expect(400, 'POST', '/containers/create', body)) as { message: string };
  assert.match(message, /^conflicting options: host type networking can't be used with links/);
});
