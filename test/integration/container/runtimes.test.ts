import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { settled } from '../../harness/invariants.ts';
import { Engine } from './engine.ts';

const SLEEP = ['sleep', '1000'];
let engine: Engine;
before(async () => {
  engine = await Engine.open();
  const runc = unpackRunc(join(engine.daemon.folder, 'runc'));
  const file = join(engine.daemon.folder, 'daemon.json');
  const runtimes = {
    'debian-runc': { path: runc, runtimeArgs: ['--debug'] },
    typed: { runtimeType: 'io.containerd.runc.v2', options: { BinaryName: runc } },
    missing: { path: '/nonexistent/runtime' },
  };
  writeFileSync(file, JSON.stringify({ runtimes }));
  await engine.daemon.stop();
  await engine.daemon.start({ args: ['--config-file', file] });
});
after(() => engine.destroy());

/** Debian's runc, not installed on this host. */
function unpackRunc(folder: string): string {
  mkdirSync(folder);
  execFileSync('apt-get', ['download', 'runc'], { cwd: folder, stdio: 'ignore' });
  const archive = readdirSync(folder).find((name) => name.endsWith('.deb'))!;
  execFileSync('dpkg', ['-x', archive, '.'], { cwd: folder });
  return ['usr/sbin/runc', 'usr/bin/runc'].map((path) => join(folder, path)).find(existsSync)!;
}

for (const Runtime of ['debian-runc', 'typed']) {
  test(`a life under runc, named as ${Runtime}`, async () => {
    const id = await engine.run('life', SLEEP, { Runtime, Memory: 64 << 20, PidsLimit: 50 });
    assert.equal((await engine.inspect('life')).HostConfig.Runtime, Runtime);
    assert.equal(await engine.exec('life', 'echo from an exec; id -u'), 'from an exec\n0\n');
    assert.match(await engine.exec('life', 'cat /proc/self/cgroup'), new RegExp(`/${id}$`, 'm'));
    await engine.expect(204, 'POST', '/containers/life/pause');
    assert.equal((await engine.state('life')).Status, 'paused');
    await engine.expect(204, 'POST', '/containers/life/unpause');
    await engine.daemon.stop('SIGKILL');
    await engine.daemon.start({ args: ['--config-file', join(engine.daemon.folder, 'daemon.json')] });
    assert.equal(await engine.exec('life', 'echo after a restart'), 'after a restart\n');
    await engine.expect(204, 'POST', '/containers/life/restart?t=0');
    await engine.expect(204, 'POST', '/containers/life/stop?t=0');
    await engine.remove('life');
    assert.deepEqual(await settled(engine.daemon, []), []);
  });
}

test('runc does what is asked of a container', async () => {
  const host = {
    Runtime: 'debian-runc',
    ReadonlyRootfs: true,
    CapDrop: ['ALL'],
    SecurityOpt: ['no-new-privileges'],
    Ulimits: [{ Name: 'nofile', Soft: 100, Hard: 200 }],
    Tmpfs: { '/t': 'size=1m' },
    Init: true,
    IpcMode: 'shareable',
    OomScoreAdj: 300,
  };
  const script = `touch /x; touch /t/x && echo writable; ulimit -n; grep -E "^(CapEff|NoNewPrivs|Seccomp):" /proc/self/status
    cat /proc/1/comm; cat /proc/self/oom_score_adj; grep -c " /dev/shm " /proc/mounts`;
  const lines = (await engine.output(script, host)).trim().split('\n');
  for (const line of ['touch: /x: Read-only file system', 'writable', '100', 'CapEff:\t0000000000000000']) {
    assert.ok(lines.includes(line), line);
  }
  for (const line of ['NoNewPrivs:\t1', 'Seccomp:\t2', 'docker-init', '300', '1'])
    assert.ok(lines.includes(line), line);
  assert.equal(
    await engine.output('tty; stty size', { Runtime: 'debian-runc', ConsoleSize: [30, 90] }, { Tty: true }),
    '/dev/pts/0\r\n30 90\r\n',
  );
});

test("runc's errors are told as with any runtime", async () => {
  const refused = async (Cmd: string[], Runtime: string, more: object = {}) => {
    await engine.create('refused', Cmd, { Runtime, ...more });
    const { status, body } = await engine.call('POST', '/containers/refused/start');
    const { ExitCode } = await engine.state('refused');
    await engine.remove('refused');
    return [status, (body as { message: string }).message, ExitCode] as const;
  };
  const missing = await refused(['/nonexistent'], 'debian-runc');
  assert.deepEqual([missing[0], missing[2]], [400, 127], missing[1]);
  assert.match(missing[1], /exec: "\/nonexistent": stat \/nonexistent: no such file or directory/);
  const forbidden = await refused(['/etc/passwd'], 'debian-runc');
  assert.deepEqual([forbidden[0], forbidden[2]], [400, 126]);
  const absent = await refused(['true'], 'missing');
  assert.match(absent[1], /nonexistent/);
  assert.deepEqual(await settled(engine.daemon, []), []);
});
