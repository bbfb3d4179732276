import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { collect, Machine, payload } from './machine.ts';

let machine: Machine;
before(async () => {
  machine = await Machine.open();
});
after(() => machine[Symbol.asyncDispose]());

async function throwAt(id: string, bytes: Buffer): Promise<void> {
  const client = connect(`${machine.execRoot}/monitors/${id}/monitor.sock`);
  client.on('error', () => undefined);
  await once(client, 'connect');
  client.write(bytes);
  await Promise.race([once(client, 'close').catch(() => undefined), sleep(20)]);
  client.destroy();
}

test('malformed messages end their connection, never the monitor', async () => {
  await machine.prepare('bad');
  await machine.start('bad', 'sleep 100');
  const hello = '12:5:hello,1:1,,';
  const messages = [
    'x',
    '99999999:',
    '0:,',
    '3:abc,',
    '14:5:start,1:7,,',
    `${hello}9:5:start,,`,
    `${hello}13:4:quit,1:7,,`,
    `${hello}16:4:exec,1:7,2:e1,,`,
    `${hello}25:6:resize,1:7,0:,99:,`,
    '28:6:attach,13:../../../etc/x,1:o,,',
    '20:6:attach,5:E-x,y,1:o,,',
  ];
  for (const message of messages) await throwAt('bad', Buffer.from(message));
  for (let round = 0; round < 50; round++) {
    const noise = randomBytes(200);
    await throwAt(
      'bad',
      round % 2 ? noise : Buffer.concat([Buffer.from(hello), Buffer.from(`${noise.length}:`), noise]),
    );
  }
  const stream = await machine.runtime.attach('bad', { stdin: false, stdout: true, stderr: true });
  stream.destroy();
  await machine.runtime.killAll('bad');
  assert.equal((await machine.exit('bad')).exitCode, 137);
});

test('a hundred silent connections are bounded', async () => {
  await machine.prepare('many');
  await machine.start('many', 'sleep 100');
  const clients = Array.from({ length: 100 }, () => connect(`${machine.execRoot}/monitors/many/monitor.sock`));
  for (const client of clients) client.on('error', () => undefined);
  await sleep(100);
  assert.ok(clients.filter((client) => client.destroyed || client.readableEnded).length >= 36);
  for (const client of clients) client.destroy();
  await sleep(50);
  const stream = await machine.runtime.attach('many', { stdin: false, stdout: true, stderr: true });
  await machine.runtime.killAll('many');
  assert.equal(payload(await collect(stream), 1).length, 0);
});

test('a full disk drops log lines, says how many, and never blocks', async () => {
  const logs = `${machine.directory}/logs`;
  mkdirSync(logs, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', logs]);
  try {
    await machine.prepare('full', { stdin: true });
    const stream = await machine.runtime.attach('full', { stdin: true, stdout: true, stderr: true });
    writeFileSync(`${logs}/ballast`, Buffer.alloc(40 * 1024));
    const script = 'i=0; while [ $i -lt 3000 ]; do echo line $i; i=$((i+1)); done; read x; echo after';
    await machine.start('full', script);
    const all = collect(stream);
    await sleep(500);
    rmSync(`${logs}/ballast`);
    stream.write('go\n');
    await machine.exit('full');
    assert.equal(String(payload(await all, 1)).split('\n').length, 3002);
    const entries = machine.log('full');
    const marker = entries.find(({ log }) =>
      /^gantry: \d+ log lines were dropped: No space left on device\n$/.test(log),
    );
    const dropped = Number(/\d+/.exec(marker!.log)![0]);
    assert.equal(entries.at(-1)!.log, 'after\n');
    assert.equal(entries.length - 2 + dropped, 3000);
    assert.ok(readFileSync(machine.logPath('full'), 'utf8').endsWith('}\n'));
  } finally {
    execFileSync('umount', ['-l', logs]);
  }
});
