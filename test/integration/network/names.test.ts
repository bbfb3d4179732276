import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Own } from './own-networks.ts';

/** Names in networks of the user's own, as containers see them. */
let own: Own;
before(async () => {
  own = await Own.open();
  await own.network('left');
  await own.network('right', { EnableIPv6: true });
  await own.network('inner', { Internal: true });
  await own.run('one', { left: { Aliases: ['both', 'first'], Links: ['two:friend'] } });
  await own.run('two', { left: { Aliases: ['both'] }, right: {} }, { Hostname: 'hosted' });
  await own.run('three', { right: { Aliases: ['Third'] } });
  await own.run('shut', { inner: {} });
});
after(() => own.daemon.destroy());

test('names, aliases, short ids, hostnames and links lead to containers of the same network', async () => {
  const two = await own.address('two', 'left');
  const { Id } = (await own.must('GET', '/containers/two/json')) as { Id: string };
  for (const name of ['two', 'TWO', 'two.left', 'hosted', Id.slice(0, 12), 'friend']) {
    assert.deepEqual(await own.resolve('one', name), [two], name);
  }
  assert.deepEqual(await own.resolve('one', 'first'), [await own.address('one', 'left')]);
  assert.deepEqual(await own.resolve('two', 'third'), [await own.address('three', 'right')]);
});

test('an alias of several has the address of each', async () => {
  const both = [await own.address('one', 'left'), await own.address('two', 'left')];
  assert.deepEqual((await own.resolve('two', 'both')).sort(), both.sort());
});

test('a network does not know the names of another', async () => {
  for (const name of ['three', 'third', 'three.right', 'two.right']) {
    assert.deepEqual(await own.resolve('one', name), [], name);
  }
  assert.deepEqual(await own.resolve('three', 'two.right'), [await own.address('two', 'right')]);
});

test('addresses have names, and IPv6 ones are found', async () => {
  const reversed = (await own.address('two', 'left')).split('.').reverse().join('.');
  assert.deepEqual(await own.resolve('one', `${reversed}.in-addr.arpa`, 'ptr'), ['two.left']);
  const [address6] = await own.resolve('two', 'three', 'aaaa');
  assert.match(address6!, /^fd/);
  assert.ok(await own.reaches('two', address6!));
  assert.deepEqual(await own.resolve('one', 'two', 'aaaa'), []);
});

test('who has no way out is told nothing of the outside', async () => {
  const text = await own.sh('shut', 'nslookup example.com; ip route');
  assert.match(text, /can't find example\.com: SERVFAIL/);
  assert.doesNotMatch(text, /default/);
});

test('a new name holds at once, an ended container has none', async () => {
  await own.run('brief', { left: {} });
  await own.must('POST', '/containers/brief/rename?name=renamed');
  assert.equal((await own.resolve('one', 'renamed')).length, 1);
  assert.deepEqual(await own.resolve('one', 'brief'), []);
  await own.must('DELETE', '/containers/renamed?force=1');
  assert.deepEqual(await own.resolve('one', 'renamed'), []);
});

test('a container in the namespace of another asks the same server', async () => {
  const one = (await own.must('GET', '/containers/one/json')) as { Id: string };
  await own.must('POST', '/containers/create?name=guest', {
    Image: 'conformance',
    Cmd: ['sleep', '1000'],
    HostConfig: { NetworkMode: `container:${one.Id}` },
  });
  await own.must('POST', '/containers/guest/start');
  assert.deepEqual(await own.resolve('guest', 'two'), [await own.address('two', 'left')]);
});

test('questions wait while no daemon runs', async () => {
  const asking = 'sleep 1; nslookup two >/tmp/said 2>&1; echo done >>/tmp/said';
  const { Id } = (await own.must('POST', '/containers/one/exec', { Cmd: ['sh', '-c', asking] })) as { Id: string };
  await own.must('POST', `/exec/${Id}/start`, { Detach: true });
  await own.daemon.stop('SIGKILL');
  await new Promise((wake) => setTimeout(wake, 2_000));
  await own.daemon.start();
  const address = await own.address('two', 'left');
  const said = await own.sh('one', 'while ! grep -q done /tmp/said; do sleep 0.1; done; cat /tmp/said');
  assert.match(said, new RegExp(`Address: ${address.replaceAll('.', '\\.')}`));
  assert.doesNotMatch(said, /timed out|can't find|refused/);
});

test('the answer over a connection is the same', async () => {
  // A question for the address of `two`, behind its length, as busybox has no resolver that uses TCP.
  const text = await own.sh(
    'one',
    `printf '\\0\\032\\0\\7\\1\\0\\0\\1\\0\\0\\0\\0\\0\\0\\3two\\4left\\0\\0\\1\\0\\1' | nc -w 2 127.0.0.11 53 | od -An -tu1 -v`,
  );
  const bytes = text.trim().split(/\s+/).map(Number);
  assert.equal(bytes.slice(-4).join('.'), await own.address('two', 'left'));
});

test('a link on the default bridge is a line in hosts', async () => {
  await own.run('linked', { bridge: {} });
  await own.run('linker', { bridge: {} }, { HostConfig: { Links: ['linked:shortcut'] } });
  const address = await own.address('linked', 'bridge');
  const line = new RegExp(`^${address.replaceAll('.', '\\.')}\\tshortcut [0-9a-f]{12} linked$`, 'm');
  assert.match(await own.sh('linker', 'cat /etc/hosts'), line);
});
