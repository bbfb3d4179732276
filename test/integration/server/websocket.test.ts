import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { importImage } from '../../conformance/image.ts';
import { api } from '../../harness/api.ts';
import type { TestDaemon } from '../../harness/daemon.ts';
import { startDaemon } from '../../harness/daemon.ts';
import { fdCount, settledFds } from './process-facts.ts';

let daemon: TestDaemon;
let address: string;

before(async () => {
  daemon = await startDaemon();
  await daemon.stop();
  await daemon.start({ args: ['-H', `unix://${daemon.socket}`, '-H', 'tcp://127.0.0.1:0', '--allow-insecure-tcp'] });
  address = /tcp:\/\/(127\.0\.0\.1:\d+)/.exec(
    daemon
      .log()
      .split('\n')
      .findLast((line) => line.includes('"serving"'))!,
  )![1]!;
  await importImage(daemon.socket);
});
after(() => daemon.destroy());

async function run(name: string, request: object): Promise<void> {
  const body = { Image: 'conformance', HostConfig: { NetworkMode: 'none' }, ...request };
  assert.equal((await api(daemon.socket, 'POST', `/containers/create?name=${name}`, body)).status, 201);
  assert.equal((await api(daemon.socket, 'POST', `/containers/${name}/start`)).status, 204);
}

const WAIT_MS = 30_000;

/** A client of the platform's own, not ours. */
class Client {
  readonly socket: WebSocket;
  text = '';
  isText = false;
  closed: number | undefined;
  #wake = () => {};

  constructor(path: string) {
    this.socket = new WebSocket(`ws://${address}${path}`);
    this.socket.binaryType = 'arraybuffer';
    this.socket.addEventListener('message', ({ data }) => {
      this.isText = typeof data === 'string';
      this.text += typeof data === 'string' ? data : Buffer.from(data as ArrayBuffer).toString();
      this.#wake();
    });
    this.socket.addEventListener('close', ({ code }) => {
      this.closed = code;
      this.#wake();
    });
  }

  async open(): Promise<this> {
    await new Promise((resolve, reject) => {
      this.socket.addEventListener('open', resolve);
      this.socket.addEventListener('error', () => reject(new Error('no WebSocket')));
    });
    return this;
  }

  async until(is: () => boolean): Promise<void> {
    const timer = setTimeout(() => this.#wake(), WAIT_MS);
    const end = Date.now() + WAIT_MS;
    while (!is()) {
      assert.ok(
        Date.now() < end,
        `got ${this.text.length}: ${JSON.stringify(this.text.slice(-200))}, closed ${this.closed}`,
      );
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    clearTimeout(timer);
  }
}

const ALL = 'stream=1&stdin=1&stdout=1&stderr=1';

test('input and output of a container, its streams not told apart, until it ends', async () => {
  await run('plain', { Cmd: ['sh', '-c', 'read a; echo out $a; echo err >&2; read b'], OpenStdin: true });
  const client = await new Client(`/v1.50/containers/plain/attach/ws?${ALL}`).open();
  client.socket.send('hel');
  client.socket.send(Buffer.from('lo\n'));
  await client.until(() => client.text.includes('out hello\n') && client.text.includes('err\n'));
  assert.equal(client.isText, false);
  client.socket.send('end\n');
  await client.until(() => client.closed !== undefined);
  assert.equal(client.closed, 1000);
  assert.deepEqual([...client.text].sort(), [...'out hello\nerr\n'].sort());
});

test('a terminal, the detach keys, and a client that closes: the container lives on', async () => {
  await run('tty', { Cmd: ['cat'], OpenStdin: true, Tty: true });
  const client = await new Client(`/containers/tty/attach/ws?${ALL}&detachKeys=ctrl-x`).open();
  client.socket.send('abc\n');
  await client.until(() => client.text.includes('abc\r\nabc\r\n'));
  client.socket.send('\x18');
  await client.until(() => client.closed !== undefined);
  const again = await new Client(`/v1.27/containers/tty/attach/ws?stream=1`).open();
  again.socket.send('xyz\n');
  await again.until(() => again.text.includes('xyz\r\n'));
  assert.equal(again.isText, true);
  again.socket.close(1000);
  await again.until(() => again.closed !== undefined);
  const { body } = await api(daemon.socket, 'GET', '/containers/tty/json');
  assert.equal((body as { State: { Running: boolean } }).State.Running, true);
});

test('10 MB arrive whole at a client', async () => {
  await run('much', { Cmd: ['sh', '-c', 'read x; head -c 10000000 /dev/zero | tr "\\0" a'], OpenStdin: true });
  const client = await new Client(`/containers/much/attach/ws?${ALL}`).open();
  client.socket.send('go\n');
  await client.until(() => client.closed !== undefined);
  assert.equal(client.text.length, 10_000_000);
});

const bytes = (text: string): Promise<string> =>
  new Promise((resolve) => {
    const [host, port] = address.split(':');
    const socket = connect(Number(port), host);
    let seen = '';
    socket.on('data', (data) => {
      seen += data.toString('latin1');
    });
    socket.on('error', () => resolve(seen));
    socket.on('close', () => resolve(seen));
    socket.write(Buffer.from(text, 'latin1'));
  });

const ask = (name: string, headers: string) =>
  `GET /containers/${name}/attach/ws?${ALL} HTTP/1.1\r\nHost: 127.0.0.1\r\n${headers}\r\n`;
const UPGRADE = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';

test('refusals come as HTTP, and broken frames end the connection alone', async () => {
  assert.match(
    await bytes(ask('nosuch', `${UPGRADE}Sec-WebSocket-Version: 13\r\n`)),
    / 404 .*No such container: nosuch/s,
  );
  assert.match(await bytes(ask('tty', `${UPGRADE}Sec-WebSocket-Version: 8\r\n`)), / 400 .*bad WebSocket Version/s);
  assert.match(await bytes(ask('tty', 'Connection: close\r\n')), / 400 .*not websocket protocol/s);
  const accepted = await bytes(`${ask('tty', `${UPGRADE}Sec-WebSocket-Version: 13\r\n`)}\x81\x01x`);
  assert.match(accepted, /^HTTP\/1\.1 101 .*Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r\n/s);
  assert.ok(accepted.endsWith('\x88\x02\x03\xea'), 'closed with 1002');
  const foreign = ask('tty', `Origin: http://evil.example.com\r\n${UPGRADE}Sec-WebSocket-Version: 13\r\n`);
  assert.match(await bytes(foreign), / 403 /);
});

test('clients that leave without a word leave nothing behind', async () => {
  const most = fdCount(daemon.pid()) + 4;
  for (let i = 0; i < 50; i++) {
    const [host, port] = address.split(':');
    const socket = connect(Number(port), host);
    socket.on('error', () => {});
    await new Promise((resolve) => {
      socket.once('data', resolve);
      socket.write(ask('tty', `${UPGRADE}Sec-WebSocket-Version: 13\r\n`));
    });
    socket.resetAndDestroy();
  }
  assert.ok((await settledFds(daemon.pid(), most)) <= most);
});
