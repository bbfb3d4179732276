import assert from 'node:assert/strict';
import type { SpawnSyncReturns } from 'node:child_process';
import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { importImage } from '../../conformance/image.ts';
import type { TestDaemon } from '../../harness/daemon.ts';
import { startDaemon } from '../../harness/daemon.ts';

const GANTRY = resolve(import.meta.dirname, '../../../bin/gantry');
const CERTIFICATES = resolve(import.meta.dirname, '../../../src/server/testdata/tls');
const certificate = (name: string) => join(CERTIFICATES, `${name}.pem`);

let daemon: TestDaemon;
let home: string;
let tcp: string;

before(async () => {
  home = mkdtempSync(join(tmpdir(), 'gantry-connect-'));
  mkdirSync(join(home, '.docker'));
  for (const [from, to] of [
    ['ca', 'ca'],
    ['client', 'cert'],
    ['client-key', 'key'],
  ] as const) {
    copyFileSync(certificate(from), join(home, '.docker', `${to}.pem`));
  }
  daemon = await startDaemon();
  await daemon.stop();
  const files = [
    '--tlscacert',
    certificate('ca'),
    '--tlscert',
    certificate('server'),
    '--tlskey',
    certificate('server-key'),
  ];
  const hosts = ['-H', `unix://${daemon.socket}`, '-H', 'tcp://127.0.0.1:0'];
  await daemon.start({ args: [...hosts, '--tlsverify', ...files] });
  tcp = /tcp:\/\/127\.0\.0\.1:\d+/.exec(
    daemon
      .log()
      .split('\n')
      .findLast((line) => line.includes('"serving"'))!,
  )![0];
  await importImage(daemon.socket);
  // An ssh that runs its command here.
  const bin = join(home, 'bin');
  mkdirSync(bin);
  writeFileSync(
    join(bin, 'ssh'),
    `#!/bin/sh\necho "$@" >>${home}/ssh.log\nwhile [ "$1" != -- ]; do shift; done\nshift\n[ "$1" = nohost ] && { echo no route >&2; exit 255; }\nshift\nshift\nDOCKER_HOST=unix://${daemon.socket} exec ${GANTRY} "$@"\n`,
  );
  chmodSync(join(bin, 'ssh'), 0o755);
});
after(async () => {
  await daemon.destroy();
  rmSync(home, { recursive: true });
});

type Outcome = Pick<SpawnSyncReturns<string>, 'stdout' | 'stderr'> & { code: number };

function run(program: string, words: readonly string[], env: Record<string, string> = {}): Promise<Outcome> {
  const surroundings = { PATH: `${home}/bin:${process.env.PATH}`, HOME: home, GANTRY_PROGRAM: 'docker', ...env };
  return new Promise((done) => {
    execFile(program, words, { env: surroundings, timeout: 30_000 }, (error, stdout, stderr) =>
      done({ stdout, stderr, code: error ? Number(error.code ?? -1) : 0 }),
    );
  });
}

function hasDocker(): boolean {
  try {
    return /version 28\./.test(execFileSync('docker', ['--version'], { encoding: 'utf8' }));
  } catch {
    return false;
  }
}

const PING = ['version', '--format', '{{.Server.Version}}'];
const programs = [GANTRY, ...(hasDocker() ? ['docker'] : [])];

for (const program of programs) {
  describe(`${program === GANTRY ? 'gantry' : 'docker'} reaches the daemon`, () => {
    const works = async (words: readonly string[], env: Record<string, string> = {}) => {
      const { stdout, stderr, code } = await run(program, [...words, ...PING], env);
      assert.match(stdout, /^28\./, `${words.join(' ')}: ${code} ${stderr}`);
    };

    test('over TLS, with the certificate from flags, variables and a context', async () => {
      const files = [
        '--tlscacert',
        certificate('ca'),
        '--tlscert',
        certificate('client'),
        '--tlskey',
        certificate('client-key'),
      ];
      await works(['-H', tcp, '--tlsverify', ...files]);
      await works(['-H', tcp, '--tlsverify']);
      await works([], { DOCKER_HOST: tcp, DOCKER_TLS_VERIFY: '1' });
      await works([], { DOCKER_HOST: tcp, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: join(home, '.docker') });
      const endpoint = `host=${tcp},ca=${certificate('ca')},cert=${certificate('client')},key=${certificate('client-key')}`;
      const name = `tls-${programs.indexOf(program)}`;
      assert.equal((await run(program, ['context', 'create', name, '--docker', endpoint])).code, 0);
      for (const other of programs) {
        const { stdout } = await run(other, ['--context', name, ...PING]);
        assert.match(stdout, /^28\./, 'a context is read by whichever client');
      }
      await works([], { DOCKER_CONTEXT: name });
    });

    test('by an older API version that a variable names', async () => {
      const { stdout } = await run(program, ['version', '--format', '{{.Client.APIVersion}}'], {
        DOCKER_HOST: `unix://${daemon.socket}`,
        DOCKER_API_VERSION: '1.43',
      });
      assert.equal(stdout, '1.43\n');
    });

    test('without what TLS needs it is told why not', async () => {
      const bare = { DOCKER_CONFIG: join(home, 'empty') };
      const { stderr } = await run(program, ['-H', tcp, '--tlsverify', 'ps'], bare);
      assert.match(stderr, /ca\.pem: no such file or directory/);
      const stranger = ['--tlscacert', certificate('other')];
      const unknown = await run(program, ['-H', tcp, '--tlsverify', ...stranger, 'ps'], bare);
      assert.match(unknown.stderr, /tls: failed to verify certificate: x509: certificate signed by unknown authority/);
      const nameless = ['--tlscacert', certificate('ca')];
      const refused = await run(program, ['-H', tcp, '--tlsverify', ...nameless, 'ps'], bare);
      assert.match(refused.stderr, /remote error: tls: certificate required/);
      const plain = await run(program, ['-H', tcp, 'ps'], bare);
      assert.match(plain.stderr, /Client sent an HTTP request to an HTTPS server/);
    });
  });
}

test('ssh:// runs dial-stdio on the far side, and streams go both ways', async () => {
  const { stdout, stderr } = await run(GANTRY, ['-H', 'ssh://me@far:2222', ...PING]);
  assert.match(stdout, /^28\./, stderr);
  const log = execFileSync('cat', [join(home, 'ssh.log')], { encoding: 'utf8' });
  assert.match(log, /^-o ConnectTimeout=30 -T -l me -p 2222 -- far gantry system dial-stdio$/m);
  const words = ['-H', 'ssh://far', 'run', '--rm', '--network', 'none', '-i', 'conformance', 'sh', '-c'];
  const ran = await run(GANTRY, [...words, 'echo out; echo err >&2; exit 3']);
  assert.deepEqual([ran.stdout, ran.stderr, ran.code], ['out\n', 'err\n', 3]);
  const lost = await run(GANTRY, ['-H', 'ssh://nohost', 'ps']);
  assert.match(lost.stderr, /has exited with exit status 255, make sure the URL is valid.*stderr=no route/);
  assert.equal(lost.code, 1);
});

test('docker -H ssh:// reaches us through dial-stdio', { skip: !programs.includes('docker') }, async () => {
  const { stdout, stderr } = await run('docker', ['-H', 'ssh://far', ...PING]);
  assert.match(stdout, /^28\./, stderr);
  const ran = await run('docker', [
    '-H',
    'ssh://far',
    'run',
    '--rm',
    '--network',
    'none',
    'conformance',
    'echo',
    'hello',
  ]);
  assert.equal(ran.stdout, 'hello\n', ran.stderr);
});

test('config.json: formats, detach keys, headers and proxies', async () => {
  const seen: string[] = [];
  const socket = join(home, 'echo.sock');
  const server = createServer((request, response) => {
    seen.push(String(request.headers['x-team']));
    response.setHeader('Content-Type', 'application/json');
    response.end('[]');
  });
  await new Promise<void>((done) => server.listen(socket, () => done()));
  const folder = join(home, 'config');
  mkdirSync(folder);
  const settings = {
    HttpHeaders: { 'X-Team': 'blue' },
    psFormat: '{{.Names}}!',
    imagesFormat: '{{.Repository}}?',
    detachKeys: 'ctrl-x',
    proxies: { default: { httpProxy: 'http://proxy:1', noProxy: 'here' } },
  };
  writeFileSync(join(folder, 'config.json'), JSON.stringify(settings));
  const env = { DOCKER_CONFIG: folder, DOCKER_HOST: `unix://${socket}` };
  await run(GANTRY, ['ps'], env);
  server.close();
  assert.deepEqual(seen, ['blue']);
  const real = { DOCKER_CONFIG: folder, DOCKER_HOST: `unix://${daemon.socket}` };
  assert.equal((await run(GANTRY, ['images'], real)).stdout, 'conformance?\n');
  const words = ['run', '--name', 'shown', '--network', 'none', 'conformance', 'env'];
  const { stdout } = await run(GANTRY, words, real);
  for (const line of ['HTTP_PROXY=http://proxy:1', 'http_proxy=http://proxy:1', 'NO_PROXY=here', 'no_proxy=here']) {
    assert.ok(stdout.split('\n').includes(line), line);
  }
  assert.equal((await run(GANTRY, ['ps', '-a'], real)).stdout, 'shown!\n');
  assert.equal(
    (await run(GANTRY, ['-l', 'loud', 'ps'], real)).stderr.split('\n')[0],
    'unable to parse logging level: loud',
  );
});
