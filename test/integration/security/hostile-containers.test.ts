import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { busyboxTar, importImage } from '../../conformance/image.ts';
import { api } from '../../harness/api.ts';
import type { TestDaemon } from '../../harness/daemon.ts';
import { startDaemon } from '../../harness/daemon.ts';
import { residentBytes } from '../server/process-facts.ts';
import { loadImage, rootTar } from './images.ts';

let daemon: TestDaemon;
let base: Buffer;
/** A folder of the host with a file that nothing in a container may read or change. */
let host: string;
const SECRET = 'only the host may read this';

before(async () => {
  daemon = await startDaemon();
  await importImage(daemon.socket);
  base = busyboxTar();
  host = mkdtempSync(join(tmpdir(), 'gantry-canary-'));
  writeFileSync(join(host, 'canary'), SECRET);
});
after(async () => {
  await daemon.destroy();
  rmSync(host, { recursive: true });
});

interface Run {
  /** 0, or what create or start refused it with. */
  readonly refused: number;
  readonly message: string;
  readonly exitCode: number;
  readonly output: string;
}

let count = 0;

/** Creates, starts and awaits a container, and removes it. */
async function run(request: object): Promise<Run> {
  const name = `hostile-${++count}`;
  const body = { Image: 'conformance', HostConfig: { NetworkMode: 'none' }, Tty: true, ...request };
  const created = await api(daemon.socket, 'POST', `/containers/create?name=${name}`, body);
  const said = (reply: { body: unknown }) => (reply.body as { message?: string })?.message ?? '';
  const refusal = (reply: { status: number; body: unknown }) => ({
    ...{ refused: reply.status, message: said(reply), exitCode: -1, output: '' },
  });
  if (created.status !== 201) return refusal(created);
  try {
    const started = await api(daemon.socket, 'POST', `/containers/${name}/start`);
    if (started.status !== 204) return refusal(started);
    const { StatusCode: exitCode } = (await api(daemon.socket, 'POST', `/containers/${name}/wait`)).body as {
      StatusCode: number;
    };
    const logs = await api(daemon.socket, 'GET', `/containers/${name}/logs?stdout=1&stderr=1`);
    return { refused: 0, message: '', exitCode, output: String(logs.body) };
  } finally {
    await api(daemon.socket, 'DELETE', `/containers/${name}?force=1&v=1`);
  }
}

const sh = (script: string, more: object = {}) => run({ Cmd: ['sh', '-c', script], ...more });
const canary = () => readFileSync(join(host, 'canary'), 'utf8');

test('no descriptor of ours reaches a container, and none leads out of it', async () => {
  const { output } = await sh('ls /proc/self/fd | sort -n | tr "\\n" " "; ls /proc/1/fd | tr "\\n" " "');
  assert.match(output, /^0 1 2 3 0 1 2 /, 'ls has one open itself');
  for (let fd = 3; fd <= 16; fd++) {
    const climb = `../../../../../../..${host}/canary`;
    for (const WorkingDir of [`/proc/self/fd/${fd}`, `/proc/1/fd/${fd}`]) {
      const seen = await run({ WorkingDir, Cmd: ['cat', climb] });
      assert.ok(seen.refused !== 0 || seen.exitCode !== 0, `${WorkingDir}: ${seen.output}`);
      assert.ok(!seen.output.includes(SECRET));
    }
  }
});

test('a program that is the runtime itself cannot change it', async () => {
  const runtime = '/usr/bin/crun';
  const digest = () => createHash('sha256').update(readFileSync(runtime)).digest('hex');
  const before = digest();
  const layer = rootTar(base, `printf '#!/proc/self/exe\\n' >evil; chmod 755 evil;`);
  assert.match(
    await loadImage(daemon.socket, layer, { name: 'self-exe', config: { Entrypoint: ['/evil'] } }),
    /Loaded image/,
  );
  const seen = await run({ Image: 'self-exe' });
  assert.ok(seen.refused !== 0 || seen.exitCode !== 0);
  await run({ Image: 'conformance', Cmd: ['/proc/self/exe', 'true'] });
  assert.equal(digest(), before);
});

test('a container in the network of the host finds no socket of ours by name', async () => {
  const { output } = await sh('cat /proc/net/unix', { HostConfig: { NetworkMode: 'host' } });
  const names = output.split('\n').filter((line) => line.includes('@') && line.includes('gantry'));
  assert.deepEqual(names, []);
});

test('kernel settings: masked, read-only, or not accepted', async () => {
  const writes = [
    ...[
      '/proc/sysrq-trigger',
      '/proc/sys/kernel/core_pattern',
      '/proc/sys/vm/panic_on_oom',
      '/proc/irq/default_smp_affinity',
    ],
    ...['/sys/kernel/uevent_helper', '/sys/power/state'],
  ];
  const { output } = await sh(writes.map((path) => `(echo x >${path}) 2>/dev/null && echo WROTE ${path};`).join(' '));
  assert.doesNotMatch(output, /WROTE/);
  const reads = ['/proc/kcore', '/proc/keys', '/proc/timer_list', '/proc/sched_debug', '/proc/latency_stats'];
  const read = await sh(
    reads.map((path) => `[ -z "$(head -c 16 ${path} 2>/dev/null)" ] || echo READ ${path};`).join(' '),
  );
  assert.doesNotMatch(read.output, /READ/);
  for (const Sysctls of [
    { 'kernel.shm_rmid_forced=1+kernel.core_pattern': '|/x' },
    { 'kernel.shm_rmid_forced': '1\nkernel.core_pattern=|/x' },
    { 'kernel.core_pattern': '|/x' },
    { 'net/../kernel/core_pattern': '|/x' },
    { 'vm.overcommit_memory': '1' },
  ]) {
    const { refused } = await run({ Cmd: ['true'], HostConfig: { NetworkMode: 'none', Sysctls } });
    assert.ok(refused >= 400, JSON.stringify(Sysctls));
  }
  assert.doesNotMatch(readFileSync('/proc/sys/kernel/core_pattern', 'utf8'), /^\|\/x/);
});

test('links in the root of an image lead nowhere out of it', async () => {
  const links: [string, string][] = [
    ['dev', `ln -s ${host} dev`],
    ['proc', `ln -s ${host} proc`],
    ['sys', `ln -s ${host} sys`],
    ['dev/null', `mkdir -p dev; ln -s ${host}/canary dev/null`],
    ['dev/pts', `mkdir -p dev; ln -s ${host} dev/pts`],
    ['dev/shm', `mkdir -p dev; ln -s ../../../../..${host} dev/shm`],
    ['etc', `rm -r etc; ln -s ${host} etc`],
    ['etc/resolv.conf', `ln -sf ${host}/canary etc/resolv.conf`],
    ['etc/hosts', `ln -sf ../../../../..${host}/canary etc/hosts`],
    ['etc/hostname', `ln -sf /proc/1/root${host}/canary etc/hostname`],
    ['etc/passwd', `ln -sf ${host}/canary etc/passwd`],
    ['work', `ln -s ${host} work`],
    ['volume', `ln -s ${host} volume`],
  ];
  const before = readdirSync(host);
  for (const [path, make] of links) {
    const config = { WorkingDir: '/work', Volumes: path === 'volume' ? { '/volume': {} } : {} };
    assert.match(await loadImage(daemon.socket, rootTar(base, `${make};`), { name: 'links', config }), /Loaded image/);
    const seen = await sh(
      `cat ${host}/canary canary /${path}/canary /${path}; echo changed >/${path}; touch /${path}/x`,
      {
        Image: 'links',
      },
    );
    assert.ok(!seen.output.includes(SECRET), `${path}: ${seen.output}`);
    assert.equal(canary(), SECRET, path);
    assert.deepEqual(readdirSync(host), before, path);
  }
});

test('users are numbers or names of the image, never something in between', async () => {
  const id = async (User: string) => {
    const { refused, output } = await sh('id -u', { User });
    return refused ? `refused ${refused}` : output.trim();
  };
  for (const User of [
    '2147483648',
    '4294967295',
    '4294967296',
    '-1',
    '1e3',
    '0x10',
    '0:4294967296',
    'root:nosuch',
    'nosuch',
  ]) {
    assert.match(await id(User), /^refused [45]\d\d$/, User);
  }
  assert.equal(await id('user'), '1000');
  assert.equal(await id('2147483647'), '2147483647');
  const layer = rootTar(base, `printf '1000:x:0:0::/:/bin/sh\\nroot:x:0:0::/:/bin/sh\\n' >etc/passwd;`);
  assert.match(await loadImage(daemon.socket, layer, { name: 'digits', config: {} }), /Loaded image/);
  const digits = await sh('id -u', { Image: 'digits', User: '1000' });
  assert.equal(digits.output.trim(), '1000', 'a name of digits is no name');
  const { output } = await sh('grep -E "^(Cap(Inh|Amb)|Groups)" /proc/self/status', { User: 'user' });
  assert.match(output, /Groups:\s+1000 2000/);
  assert.match(output, /CapInh:\s+0+\s/);
  assert.match(output, /CapAmb:\s+0+\s/);
});

test('account files without end cost neither time nor memory', async () => {
  const layer = rootTar(base, 'truncate -s 1G etc/group; yes "x:x:1:" | head -c 30000000 >etc/passwd;');
  assert.match(await loadImage(daemon.socket, layer, { name: 'endless', config: {} }), /Loaded image/);
  await sh('true', { Image: 'endless' });
  const before = residentBytes(daemon.pid());
  const began = performance.now();
  await sh('true', { Image: 'endless', User: 'nosuch' });
  assert.ok(performance.now() - began < 3000);
  assert.ok(residentBytes(daemon.pid()) - before < 64 << 20);
});

test('what an image says of itself never becomes a setting of the host', async () => {
  const Labels = {
    'com.docker.compose.project': 'x',
    'io.containerd.image.name': 'binary:///bin/sh',
    'io.kubernetes.cri.container-type': 'sandbox',
    'org.gantry.privileged': 'true',
    'run.oci.hooks.stdout': '/x',
    'cdi.k8s.io/x': 'vendor.com/device=all',
    'org.systemd.property.ExecStart': "'/bin/sh'",
  };
  const config = {
    Labels,
    Env: ['PATH=/bin', 'A=one\nB=two', 'LD_PRELOAD=/evil.so', 'LISTEN_FDS=3', 'NOTIFY_SOCKET=/run/x'],
    Volumes: { '/../../etc/volume': {}, '/v/../../../w': {} },
    Healthcheck: { Test: ['CMD', 'true'], Interval: 1_000_000_000 },
    OnBuild: ['RUN x'],
    Cmd: ['sh', '-c', 'cat /proc/self/mounts'],
  };
  assert.match(await loadImage(daemon.socket, base, { name: 'metadata', config }), /Loaded image/);
  const body = { Image: 'metadata', Cmd: ['sleep', '100'], HostConfig: { NetworkMode: 'none' } };
  const made = await api(daemon.socket, 'POST', '/containers/create?name=metadata', body);
  assert.equal(made.status, 201, JSON.stringify(made.body));
  assert.equal((await api(daemon.socket, 'POST', '/containers/metadata/start')).status, 204);
  const { Id } = made.body as { Id: string };
  const spec = JSON.parse(readFileSync(join(daemon.execRoot, 'monitors', Id, 'config.json'), 'utf8')) as {
    annotations?: Record<string, string>;
    hooks?: unknown;
    mounts: { destination: string; source?: string }[];
    process: { env: string[] };
    linux: { devices?: unknown[]; resources: { devices?: { allow: boolean; access?: string; type?: string }[] } };
  };
  const annotations = Object.keys(spec.annotations ?? {});
  for (const label of Object.keys(Labels)) assert.ok(!annotations.includes(label), label);
  assert.equal(spec.hooks, undefined);
  for (const { destination, source } of spec.mounts) {
    assert.ok(destination.startsWith('/') && !destination.includes('..'), destination);
    if (source?.startsWith('/')) assert.ok(source.startsWith(daemon.folder) || source.startsWith('/sys'), source);
  }
  assert.ok(spec.process.env.includes('A=one\nB=two'), 'a newline stays within its variable');
  await api(daemon.socket, 'DELETE', '/containers/metadata?force=1&v=1');
});

test('configurations that cannot be meant are refused, or do no harm', async () => {
  const odd: [string, object][] = [
    ['a stop signal that is none', { StopSignal: 'SIGNOSUCH' }],
    ['a NUL in the command', { Cmd: ['true\0x'] }],
    ['a NUL in the environment', { Env: ['A=b\0c'], Cmd: ['true'] }],
    ['a working directory that climbs', { WorkingDir: '../../..', Cmd: ['true'] }],
    [
      'a healthcheck every nanosecond',
      { Healthcheck: { Test: ['CMD', 'true'], Interval: 1, Timeout: 1 }, Cmd: ['true'] },
    ],
    ['ten thousand variables', { Env: Array.from({ length: 10_000 }, (_, i) => `V${i}=x`), Cmd: ['true'] }],
  ];
  for (const [what, config] of odd) {
    const loaded = await loadImage(daemon.socket, base, { name: 'odd', config });
    if (!loaded.includes('Loaded image')) continue;
    const began = performance.now();
    const seen = await run({ Image: 'odd' });
    assert.ok(performance.now() - began < 15_000, what);
    assert.ok(seen.refused === 0 || seen.refused >= 400, what);
    assert.equal((await api(daemon.socket, 'GET', '/_ping')).status, 200, what);
    await api(daemon.socket, 'DELETE', '/images/odd?force=1');
  }
  assert.doesNotMatch(daemon.log(), /request failed|uncaught|unhandled/i);
});
