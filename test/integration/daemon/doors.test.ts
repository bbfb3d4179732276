import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { linkSync, mkdirSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import { createServer as createListener } from 'node:net';
import { join, resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { importImage } from '../../conformance/image.ts';
import { api, listAll } from '../../harness/api.ts';
import type { TestDaemon } from '../../harness/daemon.ts';
import { EndedEarly, startDaemon } from '../../harness/daemon.ts';
import { exchange } from '../server/raw-client.ts';

const CERTIFICATES = resolve(import.meta.dirname, '../../../src/server/testdata/tls');
const PLUGINS = '/run/docker/plugins';
const NAME = `gantry-test-${process.pid}`;

let daemon: TestDaemon;
before(async () => {
  daemon = await startDaemon();
  await importImage(daemon.socket);
});
after(() => daemon.destroy());

/** What gantryd says when it does not start with these words. */
async function refusal(...args: string[]): Promise<string> {
  await daemon.stop();
  const before = daemon.log().length;
  await assert.rejects(daemon.start({ args }), EndedEarly);
  return daemon.log().slice(before);
}

test('an address without a scheme is tcp, on the local host where it names none', async () => {
  await daemon.stop();
  const before = daemon.log().length;
  const args = ['-H', `unix://${daemon.socket}`, '-H', ':0', '--allow-insecure-tcp'];
  await daemon.start({ args: [...args, '--swarm-default-advertise-addr', 'eth0'] });
  const port = /tcp:\/\/localhost:(\d+)/.exec(daemon.log().slice(before))?.[1];
  const reply = await fetch(`http://127.0.0.1:${port}/_ping`);
  assert.equal(await reply.text(), 'OK');
});

test('doors that would let anybody in keep the daemon from starting, by a line that says so', async () => {
  const socket = ['-H', `unix://${daemon.socket}`];
  const plain = await refusal(...socket, '-H', 'tcp://127.0.0.1:0');
  assert.match(plain, /^gantryd: refusing to listen on tcp:\/\/127\.0\.0\.1:0 without TLS.*--tlsverify\)$/m);
  assert.match(await refusal(...socket, '-H', ':0'), /refusing to listen on tcp:\/\/localhost:0 without TLS/);
  assert.match(
    await refusal('--tlsverify', '--tlscert', '/nosuch'),
    /^gantryd: invalid TLS configuration: could not load/m,
  );
  const pair = ['--tlscert', join(CERTIFICATES, 'server.pem'), '--tlskey', join(CERTIFICATES, 'client-key.pem')];
  assert.match(await refusal('--tlsverify', ...pair), /private key does not match public key/);
  assert.match(await refusal('-H', 'fd://'), /^gantryd: no sockets found via socket activation/m);
  const plugin = await refusal('--authorization-plugin', 'nosuch');
  assert.match(plugin, /^gantryd: failed to validate authorization plugin: plugin "nosuch" not found$/m);
  assert.match(await refusal('--metrics-addr', '192.0.2.1:1'), /^gantryd: "metrics-addr": cannot listen on/m);
});

describe('an authorization plugin', () => {
  const asked: Record<string, unknown>[] = [];
  let plugin: Server;

  before(async () => {
    mkdirSync(PLUGINS, { recursive: true });
    plugin = createServer((request, response) => {
      let text = '';
      request.on('data', (data) => {
        text += data;
      });
      request.on('end', () => {
        if (request.url === '/Plugin.Activate') return void response.end('{"Implements":["authz"]}');
        const facts = JSON.parse(text) as Record<string, string>;
        asked.push({ ...facts, phase: request.url });
        const body = Buffer.from(facts['RequestBody'] ?? '', 'base64').toString();
        const isPrivileged = /privileged/i.test(
          body.replaceAll(/\\u00([0-7][0-9a-f])/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
        );
        response.end(JSON.stringify(isPrivileged ? { Allow: false, Msg: 'no privileges' } : { Allow: true }));
      });
    });
    await new Promise<void>((done) => plugin.listen(join(PLUGINS, `${NAME}.sock`), () => done()));
    await daemon.stop();
    await daemon.start({ args: ['--authorization-plugin', NAME] });
  });
  after(async () => {
    await daemon.stop();
    await daemon.start({ args: [] });
    plugin.close();
    rmSync(join(PLUGINS, `${NAME}.sock`), { force: true });
  });

  const BODY = '{"Image":"conformance","HostConfig":{"Privileged":true,"NetworkMode":"none"}}';
  const post = (body: string, headers: string[], line = 'POST /v1.50/containers/create HTTP/1.1') =>
    Buffer.from(
      `${[line, 'Host: x', 'Content-Type: application/json', ...headers].join('\r\n')}\r\n\r\n${body}`,
      'latin1',
    );
  const sized = (body: string) => post(body, [`Content-Length: ${Buffer.byteLength(body)}`]);

  test('is shown every request and answer, and what it denies does not happen', async () => {
    asked.length = 0;
    const made = await api(daemon.socket, 'POST', '/v1.50/containers/create', { Image: 'conformance' });
    assert.equal(made.status, 201);
    assert.deepEqual(
      asked.map(({ phase, RequestMethod, RequestUri, ResponseStatusCode }) => [
        phase,
        RequestMethod,
        RequestUri,
        ResponseStatusCode,
      ]),
      [
        ['/AuthZPlugin.AuthZReq', 'POST', '/v1.50/containers/create', undefined],
        ['/AuthZPlugin.AuthZRes', 'POST', '/v1.50/containers/create', 201],
      ],
    );
    const answer = JSON.parse(Buffer.from(String(asked[1]!['ResponseBody']), 'base64').toString()) as { Id: string };
    assert.equal(answer.Id, (made.body as { Id: string }).Id);
    assert.equal((await api(daemon.socket, 'GET', '/info')).status, 200);
    const { Plugins } = (await api(daemon.socket, 'GET', '/info')).body as { Plugins: { Authorization: string[] } };
    assert.deepEqual(Plugins.Authorization, [NAME]);
  });

  test('is not got round by how a request is written', async () => {
    const before = (await listAll(daemon.socket)).length;
    const chunked = `${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`;
    const tricks: [string, Buffer][] = [
      ['plain', sized(BODY)],
      ['in chunks', post(chunked, ['Transfer-Encoding: chunked'])],
      ['in chunks beside a length of 0', post(chunked, ['Content-Length: 0', 'Transfer-Encoding: chunked'])],
      ['two lengths', post(BODY, ['Content-Length: 0', `Content-Length: ${BODY.length}`])],
      ['another case', sized(BODY.replace('Privileged', 'pRIVILEGED'))],
      ['escaped', sized(BODY.replace('Privileged', '\\u0050rivileged'))],
      ['twice', sized(BODY.replace('"Privileged":true', '"Privileged":false,"Privileged":true'))],
      ['over 1 MiB', sized(BODY.replace('{"Image"', `{"Labels":{"a":"${'x'.repeat(1 << 20)}"},"Image"`))],
      ['compressed', post(BODY, [`Content-Length: ${BODY.length}`, 'Content-Encoding: gzip'])],
      ['HTTP/1.0', post(BODY, [`Content-Length: ${BODY.length}`], 'POST /containers/create HTTP/1.0')],
      ['a winding path', post(BODY, [`Content-Length: ${BODY.length}`], 'POST //v1.50/./containers/create HTTP/1.1')],
      ['an encoded path', post(BODY, [`Content-Length: ${BODY.length}`], 'POST /v1.50/containers%2fcreate HTTP/1.1')],
      ['another type', Buffer.from(String(sized(BODY)).replace('application/json', 'text/json'))],
    ];
    for (const [how, bytes] of tricks) {
      const { status } = await exchange(daemon.socket, bytes, { ends: false, limitMs: 5000 });
      assert.ok(status >= 300, `${how}: ${status}`);
    }
    assert.equal((await listAll(daemon.socket)).length, before);
    const denied = await exchange(daemon.socket, sized(BODY), { ends: false });
    assert.equal(denied.status, 403);
    assert.equal(denied.body.trim(), `{"message":"authorization denied by plugin ${NAME}: no privileges"}`);
  });
});

test('sockets of systemd are served, and no process of ours inherits them', async () => {
  await daemon.stop();
  const listener = createListener();
  const own = join(daemon.folder, 'own.sock');
  await new Promise<void>((done) => listener.listen(own, () => done()));
  // Our own end is closed after the start, and takes its name away with it.
  const path = join(daemon.folder, 'passed.sock');
  linkSync(own, path);
  const { fd } = (listener as unknown as { _handle: { fd: number } })._handle;
  const inode = readlinkSync(`/proc/self/fd/${fd}`);
  const words = [
    '--data-root',
    daemon.dataRoot,
    '--exec-root',
    daemon.execRoot,
    '-H',
    'fd://api',
    '--config-file',
    '/dev/null',
  ];
  const child = spawn(resolve(import.meta.dirname, '../../../bin/gantryd'), words, {
    stdio: ['ignore', 'ignore', 'pipe', fd],
    env: { ...process.env, LISTEN_FDS: '1', LISTEN_FDNAMES: 'api', GANTRY_TEST_OWNER: daemon.folder },
  });
  listener.close();
  try {
    await new Promise<void>((done, fail) => {
      let said = '';
      child.stderr!.on('data', (data) => {
        said += data;
        if (said.includes('"serving"')) done();
      });
      child.once('exit', () => fail(new Error(said)));
    });
    assert.equal((await api(path, 'GET', '/_ping')).status, 200);
    const body = { Image: 'conformance', Cmd: ['sleep', '100'], HostConfig: { NetworkMode: 'none' } };
    const { Id } = (await api(path, 'POST', '/containers/create?name=passed', body)).body as { Id: string };
    assert.equal((await api(path, 'POST', `/containers/${Id}/start`)).status, 204);
    const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    const holders = pids.map(Number).filter((pid) => holds(pid, inode));
    assert.deepEqual(new Set(holders), new Set([child.pid]));
    await api(path, 'DELETE', `/containers/${Id}?force=1`);
  } finally {
    child.kill('SIGTERM');
    await new Promise((done) => child.once('exit', done));
  }
  await daemon.start({ args: [] });
});

function holds(pid: number, inode: string): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((n) => readlinkSync(`/proc/${pid}/fd/${n}`) === inode);
  } catch {
    return false;
  }
}
