import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import type { WhyReport } from '#api';
import { send } from '../../conformance/call.ts';
import { Engine, eventually } from './engine.ts';

const GANTRY = resolve(import.meta.dirname, '../../../bin/gantry');
const SLEEP = ['sleep', '1000'];
const EXPOSED = { ExposedPorts: { '80/tcp': {} } };
const MIB = 1024 * 1024;

describe('why explains a container', () => {
  let engine: Engine;
  before(async () => {
    engine = await Engine.open();
  });
  after(() => engine.destroy());

  const report = async (name: string) =>
    (await engine.expect(200, 'GET', `/gantry/containers/${name}/why`)) as WhyReport;
  const screen = async (name: string) => {
    const { stdout } = await promisify(execFile)(GANTRY, ['-H', `unix://${engine.daemon.socket}`, 'why', name]);
    return stdout;
  };
  /** The first finding has this code and says this, on the screen too. */
  const explains = async (name: string, code: string, words: RegExp) => {
    const { Findings } = await report(name);
    assert.equal(Findings[0]?.Code, code, JSON.stringify(Findings));
    assert.match(JSON.stringify(Findings[0]), words);
    const line = (await screen(name)).split('\n').find((text) => text.startsWith(`${code}: `));
    assert.match(line ?? '', new RegExp(words.source.replaceAll('\\\\"', '"')));
  };
  const ends = async (name: string, script: string, host: object = {}) => {
    await engine.run(name, ['sh', '-c', script], host);
    return await engine.wait(name);
  };
  const failsToStart = async (name: string, Cmd: readonly string[], host: object = {}) => {
    await engine.create(name, Cmd, host, EXPOSED);
    const { status } = await engine.call('POST', `/containers/${name}/start`);
    assert.ok(status >= 400, `${name} starts`);
  };

  test('one that ran out of memory', async () => {
    await ends('hungry', 'x=a; while :; do x=$x$x; done', { Memory: 16 * MIB, MemorySwap: 16 * MIB });
    await explains('hungry', 'out-of-memory', /for want of memory: its limit is 16 MiB/);
  });

  test('a wrong entrypoint', async () => {
    await failsToStart('wrong', ['no-such-program', 'x']);
    await explains('wrong', 'command-not-found', /no-such-program is not in its PATH/);
    await failsToStart('wrong-path', ['/opt/absent']);
    await explains('wrong-path', 'command-not-found', /there is no \/opt\/absent/);
  });

  test('a missing library', async () => {
    await importDynamic(engine.daemon.socket);
    await engine.expect(201, 'POST', '/containers/create?name=linked', { Image: 'dynamic', Cmd: ['/true'] });
    await engine.expect(204, 'POST', '/containers/linked/start');
    assert.equal(await engine.wait('linked'), 127);
    await explains('linked', 'missing-library', /needs the library libc\.so\.6/);
  });

  test('a port that another container has, and one that a process of the host has', async () => {
    const server = createServer().listen(0, '0.0.0.0');
    try {
      await new Promise((listening) => server.once('listening', listening));
      const { port } = server.address() as AddressInfo;
      const publish = (HostPort: string) => ({
        NetworkMode: 'bridge',
        PortBindings: { '80/tcp': [{ HostIp: '0.0.0.0', HostPort }] },
      });
      await failsToStart('late', SLEEP, publish(String(port)));
      await explains('late', 'port-taken', new RegExp(`${port}/tcp is held by process .* \\(pid ${process.pid}\\)`));
      await engine.run('first', SLEEP, publish(''), EXPOSED);
      const { NetworkSettings } = (await engine.expect(200, 'GET', '/containers/first/json')) as {
        NetworkSettings: { Ports: Record<string, { HostPort: string }[]> };
      };
      const taken = NetworkSettings.Ports['80/tcp']![0]!.HostPort;
      await failsToStart('second', SLEEP, publish(taken));
      await explains('second', 'port-taken', new RegExp(`${taken}/tcp is held by container first`));
      await engine.expect(204, 'DELETE', '/containers/first?force=1');
      await explains('second', 'port-taken', /it is free now/);
    } finally {
      server.close();
    }
  });

  test('a full disk', async () => {
    const script = 'dd if=/dev/zero of=/data/x bs=4k count=100';
    assert.notEqual(await ends('full', script, { Tmpfs: { '/data': 'size=64k' } }), 0);
    await explains('full', 'disk-full', /its tmpfs at \/data is full \(size=64k\)|the disk is full/);
  });

  test('an unhealthy one, with the words of its last probe', async () => {
    const Test = ['CMD-SHELL', 'echo the database is away; exit 3'];
    const Healthcheck = { Test, Interval: 50e6, Timeout: 5e9, Retries: 2 };
    await engine.run('sick', SLEEP, {}, { Healthcheck });
    await eventually('unhealthy', async () => (await engine.state('sick')).Health?.Status === 'unhealthy');
    await explains('sick', 'unhealthy', /its healthcheck fails, \d+ times in a row/);
    assert.match(await screen('sick'), /exit code 3: the database is away/);
  });

  test('one killed by a signal, and one that a user had stopped', async () => {
    await engine.run('shot', SLEEP);
    process.kill((await engine.state('shot')).Pid, 'SIGKILL');
    assert.equal(await engine.wait('shot'), 137);
    await explains('shot', 'killed-by-signal', /it was killed by SIGKILL: somebody on the host/);
    assert.equal(await ends('crashed', "sh -c 'kill -SEGV $$'; exit $?"), 139);
    await explains('crashed', 'killed-by-signal', /it was killed by SIGSEGV: its program crashed/);
    await engine.run('halted', SLEEP);
    await engine.expect(204, 'POST', '/containers/halted/stop?t=0');
    await explains('halted', 'stopped', /a user had it stopped or killed; it did not end by itself/);
  });

  test('a restart loop, how it ended before and when it comes back', async () => {
    const RestartPolicy = { Name: 'always', MaximumRetryCount: 0 };
    await engine.run('loop', ['sh', '-c', 'echo giving up; exit 9'], { RestartPolicy });
    let between: WhyReport | undefined;
    await eventually('restarts', async () => {
      between = await report('loop');
      return between.Restart.Count >= 4 && between.Status === 'restarting';
    });
    const { Restart, Ends, WaitsFor, Log } = between!;
    assert.ok(Date.parse(Restart.NextAt!) > Date.now() - 60_000);
    assert.deepEqual(WaitsFor, ['its next restart, by its policy']);
    assert.deepEqual(Log, ['giving up']);
    assert.ok(Ends.length >= 4 && Ends.every(({ ExitCode }) => ExitCode === 9), JSON.stringify(Ends));
    assert.deepEqual(
      Ends,
      Ends.toSorted((a, b) => Date.parse(b.FinishedAt) - Date.parse(a.FinishedAt)),
    );
    await explains('loop', 'restart-loop', /its policy .*always.* has brought it back \d+ times/);
    await engine.expect(204, 'DELETE', '/containers/loop?force=1');
  });

  test('a path that is read-only', async () => {
    await ends('fixed', 'echo x > /etc/motd', { ReadonlyRootfs: true });
    await explains('fixed', 'read-only', /it writes to \/etc\/motd, and its root file system is read-only/);
    await ends('bound', 'touch /host/x', { Binds: [`${engine.daemon.folder}:/host:ro`] });
    await explains('bound', 'read-only', /the mount at \/host is read-only/);
  });

  test('a missing device', async () => {
    const device = { PathOnHost: '/dev/no-such', PathInContainer: '/dev/no-such', CgroupPermissions: 'rwm' };
    await failsToStart('driven', SLEEP, { Devices: [device] });
    await explains('driven', 'missing-device', /the device \/dev\/no-such cannot be given to it/);
    await ends('tapped', 'cat /dev/net/tun');
    await explains('tapped', 'missing-device', /the device \/dev\/net\/tun is not in the container/);
  });

  test('a system call that seccomp denies', async () => {
    await ends('denied', 'unshare -m true');
    await explains('denied', 'seccomp', /denies the system call unshare/);
    const profile = {
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [{ names: ['sethostname'], action: 'SCMP_ACT_KILL' }],
    };
    const SecurityOpt = [`seccomp=${JSON.stringify(profile)}`];
    await engine.run('forbidden', ['hostname', 'x'], { SecurityOpt, CapAdd: ['SYS_ADMIN'] });
    assert.equal(await engine.wait('forbidden'), 159);
    await explains('forbidden', 'seccomp', /killed for a system call that its seccomp profile forbids/);
  });

  test('one stuck in a pause', async () => {
    await engine.run('frozen', SLEEP);
    await engine.expect(204, 'POST', '/containers/frozen/pause');
    await explains('frozen', 'paused', /all its processes are frozen/);
    assert.match(await screen('frozen'), /gantry unpause frozen/);
  });

  test('nothing is wrong, nothing has happened, and one that is not there', async () => {
    await engine.create('new', SLEEP);
    await explains('new', 'never-started', /not started yet/);
    await engine.expect(204, 'POST', '/containers/new/start');
    await explains('new', 'runs', /nothing speaks against it/);
    await engine.expect(404, 'GET', '/gantry/containers/absent/why');
  });

  test('of many ends the last few are kept, those of an earlier daemon too', async () => {
    await engine.create('often', ['sh', '-c', 'exit 2']);
    for (let life = 0; life < 8; life++) {
      await engine.expect(204, 'POST', '/containers/often/start');
      await engine.wait('often');
    }
    assert.equal((await report('often')).Ends.length, 6);
    await engine.daemon.stop('SIGKILL');
    await engine.daemon.start();
    assert.equal((await report('often')).Ends.length, 6);
    await engine.expect(204, 'DELETE', '/containers/often');
  });

  test('what a container writes does not reach the terminal as commands', async () => {
    await ends('rude', "printf '\\033]0;owned\\007 bye\\n'; exit 1");
    assert.doesNotMatch(await screen('rude'), /[\u001b\u0007]/);
    assert.match(await screen('rude'), /bye/);
  });
});

/** An image of a program and its loader, without the C library that it is linked against. */
async function importDynamic(socket: string): Promise<void> {
  const root = mkdtempSync('/var/tmp/gantry-dynamic-');
  try {
    const loader = process.arch === 'arm64' ? '/lib/ld-linux-aarch64.so.1' : '/lib64/ld-linux-x86-64.so.2';
    mkdirSync(join(root, loader, '..'), { recursive: true });
    copyFileSync(loader, join(root, loader));
    copyFileSync('/bin/true', join(root, 'true'));
    const body = execFileSync('tar', ['-C', root, '-c', '.'], { maxBuffer: 1 << 26 });
    await send(socket, { method: 'POST', path: '/images/create?fromSrc=-&repo=dynamic&tag=latest', body }, new Map());
  } finally {
    rmSync(root, { recursive: true });
  }
}
