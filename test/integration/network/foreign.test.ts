import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Engine } from './lab.ts';
import { eventually, Lab } from './lab.ts';

/** Each of these drops what it does not know, in its own way; none knows us. */
const FOREIGN = {
  'iptables-nft -P FORWARD DROP': [['iptables-nft', '-P', 'FORWARD', 'DROP']],
  'iptables-legacy -P FORWARD DROP': [['iptables-legacy', '-P', 'FORWARD', 'DROP']],
  'a last rule that rejects': [['iptables-nft', '-A', 'FORWARD', '-j', 'REJECT']],
  'a table of plain nft': [
    ['nft', 'add table inet site'],
    ['nft', 'add chain inet site forward { type filter hook forward priority 10; policy drop; }'],
  ],
  'a dockerd beside us': [
    ['iptables-nft', '-P', 'FORWARD', 'DROP'],
    ['iptables-nft', '-N', 'DOCKER-USER'],
    ['iptables-nft', '-N', 'DOCKER-FORWARD'],
    ['iptables-nft', '-A', 'FORWARD', '-j', 'DOCKER-USER'],
    ['iptables-nft', '-A', 'FORWARD', '-j', 'DOCKER-FORWARD'],
    ['iptables-nft', '-A', 'DOCKER-FORWARD', '-i', 'docker0', '-j', 'ACCEPT'],
  ],
};

for (const [name, commands] of Object.entries(FOREIGN)) {
  describe(`beside ${name}`, () => {
    let lab: Lab;
    let engine: Engine;
    before(async () => {
      lab = new Lab();
      for (const command of commands) lab.run('host', ...command);
      engine = await lab.engine();
      await engine.recover();
    });
    after(() => lab[Symbol.asyncDispose]());

    test('containers reach out and are reached', async () => {
      const web = await lab.box();
      await engine.start('a1', web, ['8080:80/tcp']);
      await lab.serve(web, 'tcp', 80, 'web');
      await lab.serve('right', 'tcp', 7000, 'right');
      assert.equal(await lab.ask('left', 'tcp', '10.91.1.1', 8080), 'web 10.91.1.2');
      assert.equal(await lab.ask(web, 'tcp', '10.91.2.2', 7000), 'right 10.91.2.1');
    });

    test('what we added goes when we go', async () => {
      const saved = () => lab.run('host', 'sh', '-c', 'iptables-nft-save; iptables-legacy-save; nft list ruleset');
      assert.match(saved(), new RegExp(engine.bridge));
      await engine.call('uninstall');
      assert.doesNotMatch(saved(), /gantry/);
      assert.doesNotMatch(lab.run('host', 'ip', 'link'), /gantry|gv1ab/);
    });
  });
}

test('chains that drop nothing get no rule of ours', async () => {
  await using lab = new Lab();
  lab.run('host', 'iptables-nft', '-P', 'FORWARD', 'ACCEPT');
  lab.run('host', 'iptables-legacy', '-P', 'FORWARD', 'ACCEPT');
  const engine = await lab.engine();
  await engine.recover();
  assert.doesNotMatch(lab.run('host', 'sh', '-c', 'iptables-nft-save; iptables-legacy-save'), /gantry/);
});

test('iptables-save prints our rules back as iptables would have written them', async () => {
  await using lab = new Lab();
  lab.run('host', 'iptables-nft', '-P', 'FORWARD', 'DROP');
  const engine = await lab.engine();
  await engine.recover();
  const saved = lab.run('host', 'iptables-nft-save');
  assert.match(saved, new RegExp(`^-A FORWARD -i ${engine.bridge} -j ACCEPT$`, 'm'));
  assert.match(saved, new RegExp(`^-A FORWARD -o ${engine.bridge} -j ACCEPT$`, 'm'));
  lab.run(
    'host',
    'sh',
    '-c',
    'iptables-nft-save > /tmp/$$.rules && iptables-nft-restore < /tmp/$$.rules; rm /tmp/$$.rules',
  );
  assert.equal(lab.run('host', 'iptables-nft-save').match(/gantry/g)?.length, 2);
});

test("the user's own chain of Docker keeps the first word", async () => {
  await using lab = new Lab();
  for (const command of FOREIGN['a dockerd beside us']) lab.run('host', ...command);
  lab.run('host', 'iptables-nft', '-A', 'DOCKER-USER', '-s', '10.91.1.2', '-j', 'DROP');
  const engine = await lab.engine();
  await engine.recover();
  const web = await lab.box();
  await engine.start('a1', web, ['8080:80/tcp']);
  await lab.serve(web, 'tcp', 80, 'web');
  assert.equal(await lab.ask('left', 'tcp', '10.91.1.1', 8080), undefined);
  assert.equal(await lab.ask('right', 'tcp', '10.91.1.1', 8080), 'web 10.91.2.2');
});

test('after a foreign flush everything is back within a second or so', async () => {
  await using lab = new Lab();
  lab.run('host', 'iptables-nft', '-P', 'FORWARD', 'DROP');
  const engine = await lab.engine();
  await engine.recover();
  const web = await lab.box();
  await engine.start('a1', web, ['8080:80/tcp']);
  await lab.serve(web, 'tcp', 80, 'web');

  lab.run('host', 'nft', 'flush', 'ruleset');
  lab.run('host', 'iptables-nft', '-P', 'FORWARD', 'DROP');
  await eventually(() => lab.run('host', 'nft', 'list', 'ruleset').includes('tcp . 8080'));
  await eventually(() => lab.run('host', 'iptables-nft-save').includes(engine.bridge));
  assert.equal(await lab.ask('left', 'tcp', '10.91.1.1', 8080), 'web 10.91.1.2');

  lab.run('host', 'iptables-nft', '-F', 'FORWARD');
  await eventually(() => lab.run('host', 'iptables-nft-save').includes(engine.bridge));
  lab.run('host', 'nft', 'flush', 'table', 'inet', engine.table);
  await eventually(() => lab.run('host', 'nft', 'list', 'table', 'inet', engine.table).includes('masquerade'));
  assert.equal(await lab.ask('left', 'tcp', '10.91.1.1', 8080), 'web 10.91.1.2');
});

test('a policy that begins to drop later, and a flush of legacy rules, are noticed', async () => {
  await using lab = new Lab();
  const engine = await lab.engine();
  await engine.recover();
  lab.run('host', 'iptables-nft', '-P', 'FORWARD', 'DROP');
  lab.run('host', 'iptables-legacy', '-P', 'FORWARD', 'DROP');
  await eventually(() => lab.run('host', 'iptables-nft-save').includes(engine.bridge));
  await eventually(() => lab.run('host', 'iptables-legacy-save').includes(engine.bridge));
  lab.run('host', 'iptables-legacy', '-F', 'FORWARD');
  await eventually(() => lab.run('host', 'iptables-legacy-save').includes(engine.bridge));
});
