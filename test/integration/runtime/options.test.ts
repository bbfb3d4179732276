import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Bench } from './run-spec.ts';

const bench = await Bench.open();
const host = mkdtempSync(join(tmpdir(), 'gantry-options-'));
mkdirSync(`${host}/sub`);
writeFileSync(`${host}/file`, 'x');
execFileSync('mount', ['-t', 'tmpfs', 'gantry-test', `${host}/sub`]);
after(async () => {
  execFileSync('umount', [`${host}/sub`]);
  rmSync(host, { recursive: true });
  await bench[Symbol.asyncDispose]();
});

const mount = (given = {}) => ({ source: host, destination: '/mnt/h', readonly: false, ...given });
const tries = '(touch /mnt/h/a && echo top; touch /mnt/h/sub/a && echo sub; true) 2>/dev/null';

for (const [name, given, expected] of [
  ['writable', {}, 'top sub'],
  ['read-only with all below', { readonly: true }, ''],
  ['read-only itself only', { readonly: true, readOnlyNonRecursive: true }, 'sub'],
  ['not recursive', { nonRecursive: true }, 'top sub'],
  ['read-only, slave', { readonly: true, propagation: 'rprivate' }, ''],
] as const) {
  test(`a bind mount, ${name}`, async () => {
    const output = await bench.sh(tries, { input: { mounts: [mount(given)] } });
    assert.equal(output.trim().split('\n').join(' '), expected);
  });
}

test('a bind mount that is not recursive hides what is mounted below', async () => {
  writeFileSync(`${host}/sub/deep`, '');
  const look = (given: object) => bench.sh('ls /mnt/h/sub', { input: { mounts: [mount(given)] } });
  assert.match(await look({}), /deep/);
  assert.doesNotMatch(await look({ nonRecursive: true }), /deep/);
});

test('a read-only root: tmpfs, shm and /dev stay writable', async () => {
  const output = await bench.sh(
    '(for d in / /run /dev/shm /dev /sys; do touch $d/x && echo $d; done; true) 2>/dev/null; grep " /run " /proc/mounts | sed s/,inode64//',
    { hostConfig: { ReadonlyRootfs: true, Tmpfs: { '/run': 'size=64m,exec,uid=5' } } },
  );
  assert.deepEqual(output.trim().split('\n'), [
    '/run',
    '/dev/shm',
    '/dev',
    'tmpfs /run tmpfs rw,nosuid,nodev,relatime,size=65536k,uid=5 0 0',
  ]);
});

test('--init reaps and hands on the exit status', async () => {
  const run = {
    hostConfig: { Init: true },
    input: { defaults: { ...bench.input({}, 'x').defaults, initPath: `${process.cwd()}/build/native/gantry-init` } },
  };
  execFileSync('make', ['-C', 'native', 'init'], { stdio: 'ignore' });
  const script = `(sleep 0 &); sleep 0.1; tr '\\0' ' ' < /proc/1/cmdline | cut -c1-26; grep -l 'State:.Z' /proc/[0-9]*/status`;
  assert.equal(await bench.sh(`${script} || true`, run), '/sbin/docker-init -- sh -c\n');
  await assert.rejects(bench.sh('exit 7', run), /exit 7/);
  await assert.rejects(bench.sh('kill -9 $$', run), /exit 137/);
});

test('host name, domain name, environment, working directory, umask', async () => {
  const output = await bench.sh('hostname; cat /proc/sys/kernel/domainname; pwd; umask; env | sort', {
    config: { Domainname: 'example.org', WorkingDir: '/made/up', User: 'app', Env: ['PATH=/bin', 'A=b c'] },
  });
  const lines = output.trim().split('\n');
  assert.deepEqual(lines.slice(0, 4), ['box', 'example.org', '/made/up', '0022']);
  for (const line of ['A=b c', 'HOME=/home/app', 'HOSTNAME=box', 'PATH=/bin']) assert.ok(lines.includes(line), line);
});

test('devices, sysctls, limits and the shm size of the user', async () => {
  const output = await bench.sh(
    'ls -l /dev/x | tr -s " "; cat /proc/sys/net/core/somaxconn /proc/sys/kernel/msgmax; ulimit -n; df -k /dev/shm | tail -1 | tr -s " " | cut -d" " -f2; cat /proc/self/oom_score_adj',
    {
      hostConfig: {
        Devices: [{ PathOnHost: '/dev/null', PathInContainer: '/dev/x', CgroupPermissions: 'r' }],
        Sysctls: { 'net.core.somaxconn': '99', 'kernel.msgmax': '5000' },
        Ulimits: [
          { Name: 'nofile', Soft: 100, Hard: 200 },
          { Name: 'core', Soft: -1, Hard: -1 },
        ],
        ShmSize: 1024 * 1024,
        OomScoreAdj: 300,
      },
    },
  );
  const [device, ...rest] = output.trim().split('\n');
  assert.match(device ?? '', /^crw-rw-rw- 1 root 0 1, 3 /);
  assert.deepEqual(rest, ['99', '5000', '100', '1024', '300']);
});

test("host namespaces are the host's", async () => {
  const output = await bench.sh('hostname; ls /proc/self/ns/* -l | sed "s/.*-> //"', {
    hostConfig: { NetworkMode: 'host', PidMode: 'host', IpcMode: 'host', UTSMode: 'host' },
    input: { namespaces: { network: 'host' } },
  });
  for (const namespace of ['pid', 'ipc', 'uts']) {
    const own = execFileSync('readlink', [`/proc/self/ns/${namespace}`], { encoding: 'utf8' }).trim();
    assert.ok(output.includes(own), own);
  }
});
