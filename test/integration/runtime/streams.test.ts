import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { collect, Machine, payload } from './machine.ts';

const ALL = { stdin: true, stdout: true, stderr: true };
const OUT = { stdin: false, stdout: true, stderr: true };
const sha = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

let machine: Machine;
before(async () => {
  machine = await Machine.open();
});
after(() => machine[Symbol.asyncDispose]());

test('attached before the start, a client gets everything in frames', async () => {
  await machine.prepare('att1');
  const stream = await machine.runtime.attach('att1', OUT);
  const all = collect(stream);
  await machine.start('att1', 'echo one; echo two >&2; echo three');
  const frames = await all;
  assert.equal(String(payload(frames, 1)), 'one\nthree\n');
  assert.equal(String(payload(frames, 2)), 'two\n');
});

test('several clients get the same; one may want one stream only', async () => {
  await machine.prepare('att2');
  const both = collect(await machine.runtime.attach('att2', OUT));
  const err = collect(await machine.runtime.attach('att2', { stdin: false, stdout: false, stderr: true }));
  await machine.start('att2', 'echo one; echo two >&2');
  assert.equal(String(payload(await both, 1)), 'one\n');
  const frames = await err;
  assert.equal(payload(frames, 1).length, 0);
  assert.equal(String(payload(frames, 2)), 'two\n');
});

test('stdin goes through until its end, which ends the process', async () => {
  await machine.prepare('in1', { stdin: true });
  const stream = await machine.runtime.attach('in1', ALL);
  stream.write('before the start\n');
  await machine.start('in1', 'cat; echo end');
  const input = Buffer.alloc(3_000_000, 'abcdefgh\n');
  stream.end(input);
  const out = payload(await collect(stream), 1);
  assert.equal(sha(out), sha(Buffer.concat([Buffer.from('before the start\n'), input, Buffer.from('end\n')])));
});

test('a client that closes gives up its stdin too', async () => {
  await machine.prepare('in2', { stdin: true });
  const stream = await machine.runtime.attach('in2', ALL);
  await machine.start('in2', 'cat >/dev/null; exit 4');
  stream.destroy();
  assert.equal((await machine.exit('in2')).exitCode, 4);
});

test('a slow client gets every byte and blocks the container, not the memory', async () => {
  await machine.prepare('slow', { log: null });
  const stream = await machine.runtime.attach('slow', OUT);
  await machine.start('slow', 'yes 0123456789012345678901234567890123456789 | head -c 30000000; echo written >&2');
  await sleep(300);
  assert.equal(existsSync(`${machine.execRoot}/monitors/slow/exit.json`), false);
  const out = payload(await collect(stream), 1);
  assert.equal(out.length, 30_000_000);
  assert.equal(sha(out), sha(Buffer.alloc(30_000_000, `${'0123456789'.repeat(4)}\n`)));
});

test('a client that is closed while it blocks is dropped at once', async () => {
  await machine.prepare('gone');
  const stream = await machine.runtime.attach('gone', OUT);
  await machine.start('gone', 'head -c 10000000 /dev/zero; exit 6');
  await sleep(100);
  stream.destroy();
  assert.equal((await machine.exit('gone')).exitCode, 6);
});

test('what is still buffered at the exit is delivered, also after the container was discarded', async () => {
  await machine.prepare('late');
  const stream = await machine.runtime.attach('late', OUT);
  await machine.start('late', 'head -c 500000 /dev/zero');
  await machine.exit('late');
  await machine.runtime.discard('late');
  assert.equal(payload(await collect(stream), 1).length, 500_000);
});

test('to attach to what has ended gives the end', async () => {
  await machine.run('ended', 'true');
  assert.equal((await collect(await machine.runtime.attach('ended', OUT))).length, 0);
});

test('the log has Docker’s form', async () => {
  const line = 'a\\tb<&>"\\\\\\377\\342\\200\\250\\001\\177\\303\\251';
  await machine.run('form', `printf 'foo\\n\\n'; printf '${line} no end'`);
  const lines = readFileSync(machine.logPath('form'), 'utf8').split('\n');
  const strip = (text = '') => text.replace(/"time":"[^"]*"/, '"time":""');
  // The left side of each is what dockerd 28 wrote for the same bytes.
  assert.equal(strip(lines[0]), '{"log":"foo\\n","stream":"stdout","time":""}');
  assert.equal(strip(lines[1]), '{"log":"\\n","stream":"stdout","time":""}');
  const escaped = 'a\\u0009b\\u003c\\u0026\\u003e\\"\\\\\\ufffd\\u2028\\u0001\u007fé no end';
  assert.equal(strip(lines[2]), `{"log":"${escaped}","stream":"stdout","time":""}`);
  assert.match(lines[0]!, /"time":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,8}[1-9])?Z"/);
});

test('long lines are logged in pieces of 16 KiB', async () => {
  await machine.run('long', `head -c 40000 /dev/zero | tr '\\0' x; echo; head -c 16384 /dev/zero | tr '\\0' y; echo`);
  const sizes = machine.log('long').map(({ log }) => log.length);
  assert.deepEqual(sizes, [16384, 16384, 40000 - 2 * 16384 + 1, 16384, 1]);
});

test('rotation keeps the newest files and no more', async () => {
  await machine.run('rot', 'i=0; while [ $i -lt 300 ]; do echo line $i; i=$((i+1)); done', {
    log: { maxSize: 5_000, maxFile: 3 },
  });
  const path = machine.logPath('rot');
  const files = [`${path}.2`, `${path}.1`, path];
  const lines = files.flatMap((file) => readFileSync(file, 'utf8').trim().split('\n'));
  const numbers = lines.map((line) => Number((JSON.parse(line) as { log: string }).log.split(' ')[1]));
  assert.equal(numbers.at(-1), 299);
  assert.deepEqual(
    numbers,
    numbers.map((_, i) => numbers[0]! + i),
  );
  assert.equal(existsSync(`${path}.3`), false);
  for (const file of files) assert.ok(statSync(file).size < 5_000 + 100, file);
});

test('one file only is started anew', async () => {
  await machine.run('rot1', 'i=0; while [ $i -lt 200 ]; do echo line $i; i=$((i+1)); done', {
    log: { maxSize: 3_000, maxFile: 1 },
  });
  assert.equal(existsSync(`${machine.logPath('rot1')}.1`), false);
  assert.equal(machine.log('rot1').at(-1)!.log, 'line 199\n');
});

test('attributes stand in each line', async () => {
  await machine.run('attrs', 'echo x', { log: { attributes: { tag: 'a"b' } } });
  assert.match(
    readFileSync(machine.logPath('attrs'), 'utf8'),
    /^\{"log":"x\\n","stream":"stdout","attrs":\{"tag":"a\\"b"\},"time":/,
  );
});

test('a terminal: raw output, size, echo', async () => {
  await machine.prepare('tty', { tty: true, stdin: true });
  await machine.runtime.resize('tty', { height: 33, width: 99 });
  const stream = await machine.runtime.attach('tty', ALL);
  await machine.start('tty', 'stty size; read x; echo got $x; stty size; tty', { tty: true });
  const all = collect(stream);
  await machine.runtime.resize('tty', { height: 44, width: 111 });
  stream.write('word\n');
  const text = String(await all);
  assert.match(text, /^word\r$/m);
  assert.match(text, /^(33 99|44 111)\r$/m);
  assert.match(text, /got word\r\n44 111\r\n\/dev\/(pts\/0|console)\r\n$/);
  assert.equal(machine.text('tty'), text);
});

test('exec: streams of its own, exit code, stdin', async () => {
  await machine.prepare('ex');
  await machine.start('ex', 'sleep 100');
  const process = (args: string[], terminal = false) => ({
    args,
    terminal,
    cwd: '/',
    env: ['PATH=/bin'],
    user: { uid: 0, gid: 0 },
  });
  const exec = { stdin: true, stdout: true, stderr: true };
  const stream = await machine.runtime.attachExec('ex', 'e1', ALL);
  const { pid } = await machine.runtime.exec('ex', {
    execId: 'e1',
    process: process(['sh', '-c', 'cat; echo err >&2; exit 9']),
    ...exec,
  });
  assert.ok(pid > 1);
  stream.end('input');
  const frames = await collect(stream);
  assert.equal(String(payload(frames, 1)), 'input');
  assert.equal(String(payload(frames, 2)), 'err\n');
  while (!machine.execExits.has('e1')) await sleep(5);
  assert.equal(machine.execExits.get('e1'), 9);

  const terminal = await machine.runtime.attachExec('ex', 'e2', ALL);
  await machine.runtime.exec('ex', { execId: 'e2', process: process(['tty'], true), ...exec });
  assert.match(String(await collect(terminal)), /^\/dev\/pts\/\d+\r\n$/);

  await assert.rejects(machine.runtime.exec('ex', { execId: 'e3', process: process(['nosuch']), ...exec }), {
    message:
      'OCI runtime exec failed: exec failed: unable to start container process: exec: "nosuch": executable file not found in $PATH',
  });
  await machine.runtime.exec('ex', { execId: 'e4', process: process(['true']), ...exec, stdin: false });
  while (!machine.execExits.has('e4')) await sleep(5);
  await machine.runtime.exec('ex', {
    execId: 'e5',
    process: process(['cat', '/proc/self/cgroup']),
    ...exec,
    stdin: false,
  });
  await sleep(50);
  const left = existsSync(`${machine.execRoot}/monitors/ex/exec-e1.pid`);
  assert.equal(left, false);
  await machine.runtime.killAll('ex');
  assert.equal((await machine.exit('ex')).exitCode, 137);
});

test('an exec is in the container’s cgroup', async () => {
  await machine.prepare('excg');
  await machine.start('excg', 'cat /proc/self/cgroup; sleep 100');
  const stream = await machine.runtime.attachExec('excg', 'c1', OUT);
  const process = { args: ['cat', '/proc/self/cgroup'], cwd: '/', env: ['PATH=/bin'], user: { uid: 0, gid: 0 } };
  await machine.runtime.exec('excg', { execId: 'c1', process, stdin: false, stdout: true, stderr: true });
  assert.equal(String(payload(await collect(stream), 1)), machine.text('excg'));
  await machine.runtime.killAll('excg');
  await machine.exit('excg');
});
