import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { entry } from '../../crash/archive.ts';
import { Engine, eventually, IMAGE } from './engine.ts';

/** Files of containers: what the copies reach, and what they never reach. */
let engine: Engine;
let folder: string;
before(async () => {
  engine = await Engine.open();
  folder = mkdtempSync(join(tmpdir(), 'gantry-files-'));
});
after(async () => {
  await engine.destroy();
  rmSync(folder, { recursive: true, force: true });
});

const archiveOf = (container: string, path: string) =>
  `/v1.50/containers/${container}/archive?path=${encodeURIComponent(path)}`;

/** Sends a call with bytes and gives the answer, its body not read yet. */
function raw(method: string, path: string, body?: Buffer): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath: engine.daemon.socket, method, path, agent: false });
    call.on('error', reject);
    call.on('response', resolve);
    call.end(body);
  });
}

async function bytesOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

async function get(container: string, path: string): Promise<Buffer> {
  const answer = await raw('GET', archiveOf(container, path));
  const bytes = await bytesOf(answer);
  assert.equal(answer.statusCode, 200, `${path}: ${bytes.subarray(0, 500)}`);
  return bytes;
}

async function put(container: string, path: string, body: Buffer): Promise<number> {
  const answer = await raw('PUT', archiveOf(container, path), body);
  await bytesOf(answer);
  return answer.statusCode!;
}

const listing = (tar: Buffer): string[] =>
  execFileSync('tar', ['-P', '-t'], { input: tar, encoding: 'utf8' }).trim().split('\n');
const textIn = (tar: Buffer): string => execFileSync('tar', ['-xO'], { input: tar, encoding: 'utf8' });
const tarOf = (...names: string[]): Buffer =>
  Buffer.concat([...names.map((name) => entry(name, Buffer.from(`${name}!`))), Buffer.alloc(1024)]);

test('what is copied between create and start is there for the process, in the root, a volume and a bind', async () => {
  const host = join(folder, 'bound');
  await engine.create('early', ['sh', '-c', 'cat /etc/x /vol/x /bound/x'], { Binds: ['early:/vol', `${host}:/bound`] });
  for (const path of ['/etc', '/vol', '/bound']) assert.equal(await put('early', path, tarOf('x')), 200, path);
  assert.equal(readFileSync(join(host, 'x'), 'utf8'), 'x!');
  await engine.expect(204, 'POST', '/containers/early/start');
  assert.equal(await engine.wait('early'), 0);
  assert.equal(textIn(await get('early', '/vol/x')), 'x!');
});

test('a container that is attached to before its start keeps its streams while files are copied into it', async () => {
  await engine.create('held', ['cat', '/etc/x'], {}, { AttachStdout: true });
  const attached = bytesOf(await raw('POST', '/v1.50/containers/held/attach?stream=1&stdout=1'));
  assert.equal(await put('held', '/etc', tarOf('x')), 200);
  await engine.expect(204, 'POST', '/containers/held/start');
  assert.match((await attached).toString(), /x!/);
});

test('a running container sees at once what is copied in, and its own writes are copied out', async () => {
  await engine.run('live', ['sh', '-c', 'while :; do [ -f /in ] && cp /in /out; sleep 0.05; done']);
  assert.equal(await put('live', '/', tarOf('in')), 200);
  await eventually(
    'the copy of the copy',
    async () => (await raw('HEAD', archiveOf('live', '/out'))).statusCode === 200,
  );
  assert.equal(textIn(await get('live', '/out')), 'in!');
  await engine.expect(204, 'DELETE', '/containers/live?force=1');
});

test('a container that ends while its files are asked for', async () => {
  await engine.create('fleeting', ['true']);
  for (let i = 0; i < 10; i++) {
    const started = engine.expect(204, 'POST', '/containers/fleeting/start');
    await Promise.all(Array.from({ length: 4 }, () => get('fleeting', '/etc')));
    await started;
    await engine.wait('fleeting');
  }
  await engine.remove('fleeting');
});

test('links, mount points and names that lead to the host lead into the container', async () => {
  const secret = join(folder, 'secret');
  writeFileSync(secret, 'of the host');
  const script = `mkdir -p /h; ln -s ${folder} /dir; ln -s ${secret} /file; ln -s /proc/1/root /root; ln -s /dir /h/up
    mkdir -p ${folder}; echo inside >${secret}; echo >/done; sleep 1000`;
  await engine.run('hostile', ['sh', '-c', script]);
  await eventually('it is made', async () => (await raw('HEAD', archiveOf('hostile', '/done'))).statusCode === 200);
  assert.equal(textIn(await get('hostile', '/dir/secret')), 'inside\n');
  for (const path of ['/root/etc/hostname', '/proc/1/environ', '/sys/kernel', '/dev/kmsg']) {
    assert.equal((await raw('HEAD', archiveOf('hostile', path))).statusCode, 404, path);
  }
  assert.equal(await put('hostile', '/dir', tarOf('planted')), 200);
  assert.equal(await put('hostile', '/h/up', tarOf('planted-too')), 200);
  assert.deepEqual(readdirSync(folder).sort(), ['bound', 'secret']);
  assert.ok(listing(await get('hostile', '/dir/')).includes('dir/planted-too'));
  await engine.expect(204, 'DELETE', '/containers/hostile?force=1');
});

test('a container that swaps a directory for a link while files are copied reaches nothing of the host', async () => {
  const target = join(folder, 'target');
  mkdirSync(target);
  writeFileSync(join(target, 'canary'), 'of the host');
  const swap = `mkdir -p /real /x; echo inside >/real/canary
    while :; do rm -rf /swap; ln -s ${target} /swap; rm -f /swap; mkdir /swap; echo inside >/swap/canary; done`;
  await engine.run('swapping', ['sh', '-c', swap]);
  for (let round = 0; round < 12; round++) {
    const answer = await raw('GET', archiveOf('swapping', '/swap/canary'));
    const body = await bytesOf(answer);
    assert.ok(!body.includes('of the host'), `round ${round}`);
    await put('swapping', '/swap', tarOf('planted', 'canary'));
  }
  assert.deepEqual(readdirSync(target), ['canary']);
  assert.equal(readFileSync(join(target, 'canary'), 'utf8'), 'of the host');
  await engine.expect(204, 'DELETE', '/containers/swapping?force=1');
});

test('fifos, devices and sockets are told of and never opened', async () => {
  const script = `mkdir /odd; mkfifo /odd/fifo; mknod /odd/null c 1 3; mknod /odd/disk b 8 0; echo x >/odd/z; sleep 1000`;
  await engine.run('odd', ['sh', '-c', script]);
  await eventually('it is made', async () => (await raw('HEAD', archiveOf('odd', '/odd/z'))).statusCode === 200);
  assert.deepEqual(listing(await get('odd', '/odd')), ['odd/', 'odd/disk', 'odd/fifo', 'odd/null', 'odd/z']);
  await engine.expect(204, 'DELETE', '/containers/odd?force=1');
});

test('a huge sparse file flows, and a client that leaves ends its jail', async () => {
  await engine.run('sparse', ['sh', '-c', 'truncate -s 1T /huge; truncate -s 64M /large; echo >/done; sleep 1000']);
  await eventually('it is made', async () => (await raw('HEAD', archiveOf('sparse', '/done'))).statusCode === 200);
  const large = await get('sparse', '/large');
  assert.ok(large.length > 64 * 2 ** 20 && large.length < 64 * 2 ** 20 + 8192);
  const answer = await raw('GET', archiveOf('sparse', '/huge'));
  let seen = 0;
  for await (const chunk of answer) if ((seen += (chunk as Buffer).length) > 32 * 2 ** 20) break;
  answer.destroy();
  await eventually('no jail is left', async () => jails().length === 0);
  await engine.expect(204, 'DELETE', '/containers/sparse?force=1');
});

/** The jails of the daemon under test. */
function jails(): string[] {
  const children = readFileSync(`/proc/${engine.daemon.pid()}/task/${engine.daemon.pid()}/children`, 'utf8');
  return children
    .trim()
    .split(' ')
    .filter((pid) => pid !== '' && existsSync(`/proc/${pid}`))
    .filter((pid) => readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('jail/main'));
}

test('while a slow client sends, the container can be inspected, killed and removed', async () => {
  await engine.run('slow', ['sleep', '1000']);
  const call = request({
    socketPath: engine.daemon.socket,
    method: 'PUT',
    path: archiveOf('slow', '/tmp'),
    agent: false,
  });
  call.on('error', () => {});
  call.write(tarOf('half').subarray(0, 512));
  await eventually('the copy has begun', async () => jails().length > 0);
  await engine.expect(200, 'GET', '/containers/slow/json');
  const began = Date.now();
  await engine.expect(204, 'DELETE', '/containers/slow?force=1');
  assert.ok(Date.now() - began < 10_000);
  call.destroy();
  await eventually('no jail is left', async () => jails().length === 0);
});

test('an exported tree is imported as the same tree', async () => {
  await engine.run('source', ['sh', '-c', 'mkdir -p /d; echo one >/d/f; ln /d/f /d/g; chmod 4711 /d/f; echo >/vol/x'], {
    Binds: ['exported:/vol'],
  });
  assert.equal(await engine.wait('source'), 0);
  const tree = await bytesOf(await raw('GET', '/v1.50/containers/source/export'));
  const names = listing(tree);
  assert.ok(names.includes('d/f') && names.includes('vol/') && !names.includes('vol/x'));
  const made = await raw('POST', '/v1.50/images/create?fromSrc=-&repo=exported&changes=ENV%20PATH=/bin', tree);
  assert.doesNotMatch((await bytesOf(made)).toString(), /error/);
  const script = 'stat -c "%a %h" /d/f; cat /d/g; ls /vol';
  await engine.run('target', ['sh', '-c', script], {}, { Image: 'exported' });
  assert.equal(await engine.wait('target'), 0);
  const logs = await raw('GET', '/v1.50/containers/target/logs?stdout=1');
  assert.match((await bytesOf(logs)).toString('latin1'), /4711 2\n.*one\n$/s);
});

test('a large tree arrives byte for byte in both directions', async () => {
  const content = randomBytes(8 * 2 ** 20);
  const sha = createHash('sha256').update(content).digest('hex');
  await engine.run('big', ['sleep', '1000'], {}, { Image: IMAGE });
  const body = Buffer.concat([entry('big', content), Buffer.alloc(1024)]);
  assert.equal(await put('big', '/tmp', body), 200);
  const out = join(folder, 'out');
  mkdirSync(out);
  execFileSync('tar', ['-x', '-C', out], { input: await get('big', '/tmp/big') });
  assert.equal(
    createHash('sha256')
      .update(readFileSync(join(out, 'big')))
      .digest('hex'),
    sha,
  );
  await engine.expect(204, 'DELETE', '/containers/big?force=1');
});
