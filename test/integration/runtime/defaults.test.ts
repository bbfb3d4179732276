import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Bench } from './run-spec.ts';

/** What dockerd 28.5 (runc 1.3) showed inside a container with the same options on a hybrid host, kernel 6.18. */
const DOCKER = {
  calls: `41:1 EINVAL 41:16 EINVAL 41:39 EINVAL 41:40 EPERM 41:41 EINVAL 135:0 ok 135:8 ok 135:1 EPERM
    135:4294967295 ok 101:-1 ESRCH 155 EPERM 161 EFAULT 165 EPERM 169 EPERM 246 EPERM 248 EPERM 250 EPERM 272:0 EPERM
    298 EPERM 304 EPERM 308 EPERM 310 EINVAL 313 EPERM 321 EPERM 323 EPERM 425 EPERM 428 EPERM 429 EPERM 434 EINVAL
    435 ENOSYS 437 E2BIG 438 EPERM 440 EPERM 442 EPERM 443 EPERM 444:0 EINVAL 447 EINVAL 448 EINVAL 450 EPERM
    452 EINVAL 1000 ENOSYS`,
  callsOfAdmin: '165 EFAULT 272:0 ok 435 E2BIG 438 EPERM 321 E2BIG 298 EINVAL',
  callsUnconfined: '41:38 EINVAL 435 E2BIG 425 EFAULT 1000 ENOSYS',
  mounts: `proc /proc rw,nosuid,nodev,noexec,relatime
    tmpfs /dev rw,nosuid,size=65536k,mode=755
    devpts /dev/pts rw,nosuid,noexec,relatime,gid=5,mode=620,ptmxmode=666
    sysfs /sys ro,nosuid,nodev,noexec,relatime
    mqueue /dev/mqueue rw,nosuid,nodev,noexec,relatime
    tmpfs /dev/shm rw,nosuid,nodev,noexec,relatime,size=65536k`,
  nodes: 'fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero',
};

const bench = await Bench.open();
const probe = mkdtempSync(join(tmpdir(), 'gantry-probe-'));
execFileSync('cc', ['-static', '-o', `${probe}/probe`, 'test/fixtures/probe/syscalls.c']);
after(async () => {
  rmSync(probe, { recursive: true });
  await bench[Symbol.asyncDispose]();
});

const words = (text: string) => text.trim().split(/\s+/);
const pairs = (text: string) => words(text).flatMap((word, at, all) => (at % 2 ? [] : [`${word} ${all[at + 1]}`]));
const mounts = [{ source: probe, destination: '/p', readonly: true }];
async function calls(facts: string, run: Parameters<Bench['sh']>[1] = {}) {
  const numbers = pairs(facts).map((pair) => pair.split(' ')[0]);
  const output = await bench.sh(`/p/probe ${numbers.join(' ')}`, { ...run, input: { mounts } });
  assert.deepEqual(output.trim().split('\n'), pairs(facts));
}

const x64 = { skip: process.arch !== 'x64' && 'the numbers are those of x86-64' };

test('system calls answer as under Docker', x64, () => calls(DOCKER.calls));

test('kernel crypto sockets are refused, as in newer profiles of Docker', x64, () => calls('41:38 EPERM'));

test('SYS_ADMIN opens its group of system calls', x64, () =>
  calls(DOCKER.callsOfAdmin, { hostConfig: { CapAdd: ['SYS_ADMIN'] } }),
);

test('seccomp=unconfined has no filter', x64, () =>
  calls(DOCKER.callsUnconfined, { hostConfig: { SecurityOpt: ['seccomp=unconfined'] } }),
);

test('a profile of the user holds', x64, () => {
  const profile = {
    defaultAction: 'SCMP_ACT_ALLOW',
    syscalls: [{ names: ['getcpu'], action: 'SCMP_ACT_ERRNO', errnoRet: 95 }],
  };
  return calls('309 EOPNOTSUPP 1000 ENOSYS', { hostConfig: { SecurityOpt: [`seccomp=${JSON.stringify(profile)}`] } });
});

const status = 'grep -E "^(Uid|Gid|Cap|Groups|NoNew|Seccomp:)" /proc/self/status';
const fields = (output: string) =>
  Object.fromEntries(
    output
      .trim()
      .split('\n')
      .map((line) => line.split(/:\s*/).map((word) => word.trim())),
  );

test('capabilities, groups and seccomp of root', async () => {
  assert.deepEqual(fields(await bench.sh(status)), {
    Uid: '0\t0\t0\t0',
    Gid: '0\t0\t0\t0',
    Groups: '0',
    CapInh: '0000000000000000',
    CapPrm: '00000000a80425fb',
    CapEff: '00000000a80425fb',
    CapBnd: '00000000a80425fb',
    CapAmb: '0000000000000000',
    NoNewPrivs: '0',
    Seccomp: '2',
  });
});

test('capabilities, groups and privileges of another user', async () => {
  const run = {
    config: { User: '1000:5' },
    hostConfig: {
      GroupAdd: ['7'],
      CapAdd: ['NET_ADMIN'],
      CapDrop: ['CHOWN'],
      SecurityOpt: ['no-new-privileges'],
    },
  };
  assert.deepEqual(fields(await bench.sh(status, run)), {
    Uid: '1000\t1000\t1000\t1000',
    Gid: '5\t5\t5\t5',
    Groups: '5 7',
    CapInh: '0000000000000000',
    CapPrm: '0000000000000000',
    CapEff: '0000000000000000',
    CapBnd: '00000000a80435fa',
    CapAmb: '0000000000000000',
    NoNewPrivs: '1',
    Seccomp: '2',
  });
});

test('mounts and devices', async () => {
  const output = await bench.sh('sed s/,inode64// /proc/mounts; echo; ls /dev');
  const [mounted = '', nodes = ''] = output.split('\n\n');
  const lines = mounted.split('\n').map((line) => {
    const [, target, type, options] = line.split(' ');
    return `${type} ${target} ${options}`;
  });
  for (const line of DOCKER.mounts.split('\n')) assert.ok(lines.includes(line.trim()), `${line}\n${mounted}`);
  assert.deepEqual(
    words(nodes).filter((name) => name !== 'core'),
    words(DOCKER.nodes),
  );
});

test('masked paths are empty, read-only ones refuse writes', async () => {
  const output = await bench.sh(`
    for d in /proc/acpi /proc/asound /proc/scsi /sys/firmware /sys/devices/virtual/powercap; do
      if [ -e $d ]; then ls -A $d; fi; done
    for f in /proc/kcore /proc/keys /proc/interrupts /proc/latency_stats /proc/timer_list /proc/sched_debug; do
      if [ -e $f ]; then head -c 10 $f; fi; done
    for f in /proc/sys/kernel/core_pattern /proc/sysrq-trigger /sys/kernel/profiling /proc/irq/default_smp_affinity; do
      (echo x > $f) 2>/dev/null && echo wrote $f; done; true`);
  assert.equal(output, '');
});

test('the device cgroup lets open what is listed only', { skip: process.getuid?.() !== 0 }, async () => {
  const script = `mknod /tmp/b b 254 0; head -c1 /tmp/b >/dev/null 2>&1 && echo opened b
    mknod /tmp/f c 10 229; (: < /tmp/f) && echo opened fuse
    mknod /tmp/z c 1 5 && head -c1 /tmp/z | wc -c; rm -f /tmp/b /tmp/f /tmp/z`;
  assert.equal((await bench.sh(`(${script}) 2>/dev/null`)).trim(), '1');
});

test('ports from 0 and ping without capabilities', async () => {
  const output = await bench.sh(
    'cat /proc/sys/net/ipv4/ip_unprivileged_port_start /proc/sys/net/ipv4/ping_group_range',
  );
  assert.deepEqual(words(output), ['0', '0', '2147483647']);
});

test('a privileged container', async () => {
  const output = await bench.sh(
    `grep -E "^(CapEff|Seccomp:)" /proc/self/status; grep -c " ro," /proc/mounts; grep -c kcore /proc/mounts
     [ -e /dev/kmsg ] && echo kmsg`,
    { hostConfig: { Privileged: true } },
  );
  const [capabilities, seccomp, readonly, masked, kmsg] = output.trim().split('\n');
  const bounding = execFileSync('grep', ['CapBnd', '/proc/self/status'], { encoding: 'utf8' });
  assert.equal(capabilities?.split('\t')[1], bounding.trim().split('\t')[1]);
  assert.deepEqual([seccomp, readonly, masked, kmsg], ['Seccomp:\t0', '0', '0', 'kmsg']);
});
