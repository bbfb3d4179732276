import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DetachScanner, parseDetachKeys } from '#api';
import { toConfig } from '#daemon';
import { EngineError, invalid } from '#errdefs';
import { nullLog } from '#log';
import { createAuthorizer, PluginClient, Plugins } from '#plugin';
import { routes, Server } from '#server';
import { compile } from '#template';
import { encodeContext } from '../../src/cli/context/export.ts';
import { decodeContext } from '../../src/cli/context/import.ts';
import { reloadConfig } from '../../src/daemon/reload.ts';
import { parseEntry } from '../../src/logging/entry.ts';
import { parsePluginAddress } from '../../src/plugin/address.ts';
import { resolve } from '../../src/server/call.ts';
import { Query } from '../../src/server/query.ts';
import { Router } from '../../src/server/router.ts';
import { EchoEngine, testDeps } from '../../src/server/testing.ts';
import { encodeWsFrame, ProtocolError, WsDecoder } from '../../src/server/websocket/frames.ts';
import type { Target } from './targets.ts';

const text = (...seeds: string[]) => seeds.map((seed) => Buffer.from(seed, 'latin1'));

/** Turns errors that are a clear refusal into the kind that counts as one; others break the target. */
function refusing(isRefusal: (error: Error) => boolean, work: () => void): void {
  try {
    work();
  } catch (error) {
    if (isRefusal(error as Error)) throw invalid((error as Error).message, error);
    throw error;
  }
}

/** Made when it is first needed, in the thread that fuzzes; a folder goes with the process. */
function once<T>(make: (folder: string) => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    if (made) return made;
    const folder = mkdtempSync(join(tmpdir(), 'gantry-fuzz-'));
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
    made = make(folder);
    return made;
  };
}

const echo = once(async (folder) => {
  const engine = new EchoEngine();
  await engine.create({ Tty: true } as never, { name: 'tty' });
  const path = join(folder, 'api.sock');
  // Not listen(): a worker cannot set the umask.
  const server = new Server(testDeps(engine)).httpServer();
  await new Promise<void>((done) => server.listen(path, () => done()));
  server.unref();
  return path;
});

/** Sends bytes to a server and its end; the connection must be answered and over soon. */
async function askServer(input: Buffer): Promise<void> {
  const path = await echo();
  const answer = await new Promise<string>((done, fail) => {
    const socket = connect({ path, allowHalfOpen: true });
    const timer = setTimeout(() => fail(new Error('the connection hangs')), 3000);
    let seen = '';
    socket.on('data', (data) => {
      seen += data.toString('latin1', 0, 200);
    });
    socket.on('error', () => undefined);
    socket.on('end', () => socket.end());
    socket.on('close', () => {
      clearTimeout(timer);
      done(seen);
    });
    socket.end(input);
  });
  assert.ok(answer === '' || answer.startsWith('HTTP/1.'), answer);
  assert.doesNotMatch(answer, /^HTTP\/1\.1 500/);
  if (!/^HTTP\/1\.1 [123]/.test(answer)) throw invalid(answer.slice(0, 50));
}

let said = Buffer.alloc(0);
const plugin = once(async (folder) => {
  const server = createServer((_request, response) => response.end(said));
  await new Promise<void>((done) => server.listen(join(folder, 'p.sock'), () => done()));
  server.unref();
  const plugins = new Plugins({ folders: { sockets: folder, specs: [] }, log: nullLog });
  said = Buffer.from('{"Implements":["authz"]}');
  assert.ok((await plugins.get('p', 'authz')) instanceof PluginClient);
  return createAuthorizer(plugins, ['p'], nullLog);
});

const FACTS = { method: 'GET', uri: '/', headers: {}, body: undefined, user: '', certificates: [] };

/** Nothing but a clear yes may be taken for one. */
async function judge(input: Buffer): Promise<void> {
  const authorizer = await plugin();
  said = Buffer.from(input);
  let isAllowed = true;
  await authorizer.request(FACTS).catch((error: unknown) => {
    assert.ok(error instanceof EngineError && (error.kind === 'forbidden' || error.kind === 'internal'));
    isAllowed = false;
  });
  if (!isAllowed) throw invalid('not allowed');
  assert.match(input.toString('utf8'), /"\w*"\s*:\s*true|"(\\u[0-9a-f]{4}|\w)+"\s*:\s*true/i);
}

function frames(input: Buffer): void {
  const read = (step: number) => {
    const decoder = new WsDecoder();
    const pieces = [];
    for (let at = 0; at < input.length; at += step) pieces.push(...decoder.push(input.subarray(at, at + step)));
    return Buffer.concat(pieces.map(({ data }) => data));
  };
  refusing(
    (error) => error instanceof ProtocolError,
    () => assert.deepEqual(read(3), read(1 << 20)),
  );
}

const masked = (bytes: Buffer) => {
  const frame = Buffer.from(bytes);
  frame[1]! |= 0x80;
  return Buffer.concat([frame.subarray(0, 2), Buffer.alloc(4), frame.subarray(2)]);
};

const file = once(async (folder) => join(folder, 'daemon.json'));

async function reload(input: Buffer): Promise<void> {
  const configFile = await file();
  writeFileSync(configFile, input);
  const current = toConfig({}, false);
  const flags = { settings: { debug: true }, configFile, insecureTcp: false };
  const next = reloadConfig(current, {
    ...flags,
    help: false,
    version: false,
    validate: false,
    purge: false,
    stopContainers: false,
  });
  assert.equal(next.dataRoot, current.dataRoot);
  assert.equal(next.debug, true);
}

const router = new Router(routes);

function route(input: Buffer): void {
  const url = input.toString('latin1');
  const resolved = resolve(router, { method: 'POST', url } as never);
  if (resolved.kind !== 'call') throw invalid(resolved.kind);
  const query = new Query(resolved.call.query);
  query.strings('a');
  query.bool('b');
  query.filters();
  refusing(
    (error) => error instanceof EngineError,
    () => void query.int('c'),
  );
}

function detach(input: Buffer): void {
  const [keys = '', ...rest] = input.toString('latin1').split('\n');
  const sequence = parseDetachKeys(keys);
  if (!sequence) return;
  const typed = Buffer.from(rest.join('\n'), 'latin1');
  const scanner = new DetachScanner(sequence);
  let passed = 0;
  for (let at = 0; at < typed.length; at += 3) {
    const { forward, detached } = scanner.scan(typed.subarray(at, at + 3));
    passed += forward.length;
    if (detached) break;
  }
  assert.ok(passed <= typed.length, 'more came out than went in');
}

function template(input: Buffer): void {
  const data = { Name: 'x', List: [1, 2, 3], Nested: { a: 'b' }, Number: 3, Flag: true, Nothing: null };
  refusing(
    (error) => error.message.startsWith('template:') || error.constructor.name === 'TemplateSyntaxError',
    () => void compile(input.toString('utf8')).run(data),
  );
}

function logLine(input: Buffer): void {
  const entry = parseEntry(input.toString('utf8'));
  if (!entry) throw invalid('no line of a log');
  assert.equal(typeof entry.text, 'string');
}

async function* single(input: Buffer): AsyncGenerator<Buffer> {
  yield input;
}

async function contextArchive(input: Buffer): Promise<void> {
  const { meta, tls } = await decodeContext(single(input)).catch((error: Error) => {
    throw error instanceof TypeError || error instanceof RangeError ? error : invalid(error.message);
  });
  assert.equal(typeof meta.Name, 'string');
  for (const name of Object.keys(tls)) assert.match(name, /^[\w.-]+$/);
}

const META = { Name: 'x', Metadata: {}, Endpoints: { docker: { Host: 'tcp://x', SkipTLSVerify: false } } };

/** Everything that the doors of the daemon read. */
export const DOOR_TARGETS: Readonly<Record<string, Target>> = {
  'HTTP head': {
    seeds: text(
      'GET /v1.50/_ping HTTP/1.1\r\nHost: x\r\n\r\n',
      'POST /containers/tty/attach?stream=1 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nhello',
      'POST /containers/create HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 13\r\n\r\n{"Image":"x"}',
      'GET /containers/tty/attach/ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    ),
    words: [
      'Transfer-Encoding: chunked\r\n',
      'Content-Length: 5\r\n',
      '\r\n\r\n',
      'HTTP/1.0',
      'Expect: 100-continue\r\n',
    ],
    run: askServer,
  },
  'authorization answers': {
    seeds: text('{"Allow":true}', '{"Allow":false,"Msg":"no"}', '{"Msg":"x","Err":"y","Allow":true}'),
    words: ['"Allow":', 'true', 'null', '[', '"\\u0041llow"'],
    run: judge,
  },
  'websocket frames': {
    seeds: [masked(encodeWsFrame('text', Buffer.from('hello'))), masked(encodeWsFrame('ping', Buffer.from('x')))],
    words: ['\x81\x85\0\0\0\0hello', '\x88\x80\0\0\0\0', '\x82\xff\0\0\0\0\0\0\0\x01'],
    run: frames,
  },
  'reload of daemon.json': {
    seeds: text(
      '{"labels":["a=b"],"features":{"x":true},"registry-mirrors":["https://a"],"runtimes":{"r":{"path":"/r"}}}',
    ),
    words: ['"debug":true', '"shutdown-timeout":', '"insecure-registries":["x"]', '__proto__', '"proxies":{'],
    run: reload,
  },
  'request target': {
    seeds: text('/v1.50/containers/x/start?a=1&b=true&c=3&filters=%7B%7D', '/containers/create?name=x'),
    words: ['/..', '//', '%2e', '%zz', ';', '&c=99999999999999999999', '/v9.9', '{"a":["b"]}', '%00'],
    run: route,
  },
  'detach keys': {
    seeds: text('ctrl-p,ctrl-q\nabc\x10\x11def', 'a,b,ctrl-c\naab'),
    words: ['ctrl-', ',', 'ctrl-@', '\x10', '\n'],
    run: detach,
  },
  templates: {
    seeds: text(
      '{{.Name}} {{range .List}}{{.}},{{end}}',
      '{{if .Flag}}{{json .Nested}}{{else}}x{{end}}',
      '{{printf "%5d|%s" .Number .Name}}',
    ),
    words: ['{{', '}}', '{{end}}', '{{with .Nested}}', '| join ","', '{{range ', '"', '`', '{{- ', 'index .List 9'],
    run: template,
  },
  'lines of a log': {
    seeds: text('{"log":"hello\\n","stream":"stdout","time":"2026-01-01T00:00:00.123456789Z","attrs":{"a":"b"}}'),
    words: ['"log":', '"time":null', '9999-99-99T99:99:99Z', '\\ud800', '{'],
    run: logLine,
  },
  'addresses of plugins': {
    seeds: text('unix:///run/x.sock', 'tcp://127.0.0.1:80', 'https://host:443/'),
    words: ['://', '[::1]', ':99999', '/../', '@'],
    run: (input) => void parsePluginAddress(input.toString('utf8')),
  },
  'archives of contexts': {
    seeds: [encodeContext(META, { 'ca.pem': Buffer.from('x') })],
    words: ['tls/docker/../../x', 'meta.json', 'ustar\0'],
    run: contextArchive,
  },
};
