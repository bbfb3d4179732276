import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Engine } from './engine.ts';

/** Containers whose root is another user on the host (`userns-remap`). */
let engine: Engine;
const FILES = ['/etc/subuid', '/etc/subgid'];
const saved = new Map<string, string>();
const FIRST = 1_900_000;

before(async () => {
  for (const file of FILES) {
    try {
      saved.set(file, readFileSync(file, 'utf8'));
    } catch {
      saved.set(file, '');
    }
    // Root has no ranges anywhere, so nobody else's are touched.
    writeFileSync(file, `${saved.get(file)!.replace(/^root:.*\n/gm, '')}root:${FIRST}:65536\n`);
  }
  engine = await Engine.open({ args: ['--userns-remap', 'root'] });
  // Another user finds his way to what is mounted for him, as he does below /run.
  chmodSync(engine.daemon.folder, 0o711);
});
after(async () => {
  await engine?.destroy();
  for (const [file, text] of saved) writeFileSync(file, text);
});

const mapOf = async (name: string) =>
  readFileSync(`/proc/${(await engine.state(name)).Pid}/uid_map`, 'utf8')
    .trim()
    .split(/\s+/);

test('root in a container is another user on the host, its files are root in it and in the image', async () => {
  const { SecurityOptions } = (await engine.expect(200, 'GET', '/info')) as { SecurityOptions: string[] };
  assert.ok(SecurityOptions.includes('name=userns'));
  const id = await engine.run('remapped', ['sh', '-c', 'echo new >/new; mkdir /folder; exec sleep 1000'], {
    NetworkMode: 'bridge',
  });
  assert.deepEqual(await mapOf('remapped'), ['0', String(FIRST), '65536']);
  assert.equal(statSync(`/proc/${(await engine.state('remapped')).Pid}`).uid, FIRST);
  assert.equal(
    await engine.exec('remapped', 'id -u; stat -c %u:%g / /bin /bin/busybox /new /etc/hosts /etc/resolv.conf'),
    '0\n0:0\n0:0\n0:0\n0:0\n0:0\n0:0\n',
  );
  assert.equal(
    await engine.exec('remapped', 'chown 5:6 /new && chmod 4755 /new && stat -c %u:%g:%a /new'),
    '5:6:4755\n',
  );
  const upper = join(engine.daemon.dataRoot, 'snapshots/c', id, 'upper');
  assert.deepEqual([statSync(join(upper, 'new')).uid, statSync(join(upper, 'folder')).uid], [5, 0]);
  assert.equal(await engine.exec('remapped', 'mv /bin/busybox /b && rm /bin/sh && echo ok'), 'ok\n');
  await engine.remove('remapped');
});

test('its network, terminals, devices and shared memory are there', async () => {
  const script =
    'echo out >/dev/stdout; echo x >/dev/null; echo x >/dev/shm/x && ls /sys/class/net; hostname new && hostname; ip link add dummy0 type bridge && echo made';
  const output = await engine.output(script, { NetworkMode: 'bridge', CapAdd: ['NET_ADMIN', 'SYS_ADMIN'] });
  assert.equal(output, 'out\neth0\nlo\nnew\nmade\n');
  assert.match(
    await engine.output('ping -c 1 -W 5 $(ip route | cut -d" " -f3 | head -1)', { NetworkMode: 'bridge' }),
    /1 packets received/,
  );
  assert.equal(await engine.output('tty; stat -c %u $(tty)', {}, { Tty: true }), '/dev/pts/0\r\n0\r\n');
});

test('volumes are the container root’s, binds keep the owners of the host', async () => {
  const folder = join(engine.daemon.folder, 'bound');
  await engine.expect(201, 'POST', '/volumes/create', { Name: 'shifted' });
  const mounts = { Binds: ['shifted:/v', `${folder}:/b`, 'shifted:/ro:ro'] };
  const output = await engine.output(
    'touch /v/x && stat -c %u /v /v/x; stat -c %u /b; touch /b/x 2>&1; touch /ro/y 2>&1; true',
    mounts,
  );
  assert.match(output, /^0\n0\n65534\ntouch: \/b\/x: Permission denied\ntouch: \/ro\/y: Read-only file system\n$/);
  assert.equal(statSync(join(engine.daemon.dataRoot, 'volumes/shifted/_data/x')).uid, 0);
  assert.equal(await engine.output('stat -c %u /v/x', { ...mounts, UsernsMode: 'host' }), '0\n');
});

test('containers that join others share their users; the host’s are had on request', async () => {
  await engine.run('owner', ['sleep', '1000'], { NetworkMode: 'bridge', IpcMode: 'shareable' });
  await engine.run('guest', ['sleep', '1000'], {
    NetworkMode: 'container:owner',
    PidMode: 'container:owner',
    IpcMode: 'container:owner',
  });
  const namespace = async (name: string) => statSync(`/proc/${(await engine.state(name)).Pid}/ns/user`).ino;
  assert.equal(await namespace('guest'), await namespace('owner'));
  assert.match(await engine.exec('guest', 'ps; ip addr show eth0'), /sleep 1000[\s\S]*inet /);
  for (const name of ['guest', 'owner']) await engine.remove(name);
  await engine.run('host', ['sleep', '1000'], { UsernsMode: 'host', Privileged: true, NetworkMode: 'host' });
  assert.equal((await mapOf('host'))[1], '0');
  await engine.remove('host');
});

test('what needs the users of the host is refused', async () => {
  const refused = async (HostConfig: object) => {
    const body = { Image: 'conformance', Cmd: ['true'], HostConfig };
    return ((await engine.expect(400, 'POST', '/containers/create', body)) as { message: string }).message;
  };
  assert.match(
    await refused({ Privileged: true }),
    /^privileged mode is incompatible with user namespaces\. {2}You must/,
  );
  assert.equal(
    await refused({ NetworkMode: 'host' }),
    "cannot share the host's network namespace when user namespaces are enabled",
  );
  assert.equal(
    await refused({ PidMode: 'host' }),
    'cannot share the host PID namespace when user namespaces are enabled',
  );
});

test('layers of an image are one in memory for containers with and without', async () => {
  await engine.run('one', ['sleep', '1000']);
  await engine.run('two', ['sleep', '1000'], { UsernsMode: 'host' });
  const inode = (name: string) => engine.exec(name, 'stat -c %i /bin/busybox');
  assert.equal(await inode('one'), await inode('two'));
  await engine.daemon.stop('SIGKILL');
  await engine.daemon.start();
  assert.equal(await engine.exec('one', 'id -u'), '0\n');
  for (const name of ['one', 'two']) await engine.remove(name);
});

test('a further process may open its streams by name', async () => {
  await engine.run('streams', ['sleep', '1000']);
  assert.equal(await engine.exec('streams', 'echo out >/dev/stdout; echo err >/dev/stderr'), 'out\nerr\n');
  await engine.remove('streams');
});

test('files are copied in and out with the owners that the container sees, whether it runs or not', async () => {
  const archive = (script: string) => spawnSync('sh', ['-c', script], { cwd: engine.daemon.folder }).stdout as Buffer;
  writeFileSync(join(engine.daemon.folder, 'given'), 'given\n');
  const owned = archive('tar --owner=7 --group=8 --mode=640 --numeric-owner -cf - given');
  const put = async (name: string, path: string) => {
    const answer = await fetchRaw('PUT', `/v1.50/containers/${name}/archive?path=${path}`, owned);
    assert.equal(answer.status, 200, answer.body.toString());
  };
  await engine.expect(201, 'POST', '/volumes/create', { Name: 'copied' });
  await engine.create('copies', ['sleep', '1000'], { Binds: ['copied:/v'] });
  await put('copies', '/etc');
  await engine.expect(204, 'POST', '/containers/copies/start');
  await put('copies', '/tmp');
  await put('copies', '/v');
  const seen = 'stat -c %u:%g:%a /etc/given /tmp/given /v/given; cat /tmp/given';
  assert.equal(await engine.exec('copies', seen), `${'7:8:640\n'.repeat(3)}given\n`);
  for (const path of ['/tmp/given', '/v/given']) {
    const { body } = await fetchRaw('GET', `/v1.50/containers/copies/archive?path=${path}`);
    const list = spawnSync('tar', ['--numeric-owner', '-tvf', '-'], { input: body }).stdout.toString();
    assert.match(list, /^-rw-r----- 7\/8 /, path);
  }
  await engine.remove('copies');
});

function fetchRaw(method: string, path: string, input?: Buffer): Promise<{ status: number; body: Buffer }> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath: engine.daemon.socket, method, path, agent: false }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => resolve({ status: answer.statusCode!, body: Buffer.concat(chunks) }));
    });
    outgoing.on('error', reject);
    outgoing.end(input);
  });
}
