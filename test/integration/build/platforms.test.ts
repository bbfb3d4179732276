import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { importImage } from '../../conformance/image.ts';
import type { TestDaemon } from '../../harness/daemon.ts';
import { startDaemon } from '../../harness/daemon.ts';
import { arm64Busybox, emulateArm64 } from '../../harness/emulator.ts';

/** Images for machines that are not this one. */
const GANTRY = resolve(import.meta.dirname, '../../../bin/gantry');

let daemon: TestDaemon;
let folder: string;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gantry-platforms-'));
  daemon = await startDaemon();
  await importImage(daemon.socket);
  mkdirSync(join(folder, 'arm/bin'), { recursive: true });
  execFileSync('cp', [arm64Busybox(), join(folder, 'arm/bin/busybox')]);
  for (const name of ['sh', 'cat', 'uname', 'ls']) symlinkSync('busybox', join(folder, 'arm/bin', name));
  execFileSync('tar', ['-C', join(folder, 'arm'), '-cf', join(folder, 'arm.tar'), '.']);
  const { code, err } = await gantry('import', '--platform', 'linux/arm64', '-c', 'ENV PATH=/bin', 'arm.tar', 'arm');
  assert.equal(code, 0, err);
  mkdirSync(join(folder, 'context'));
  writeFileSync(join(folder, 'context/file'), 'text\n');
});
after(async () => {
  await daemon.destroy();
  rmSync(folder, { recursive: true });
});

function gantry(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((end) => {
    const env = { ...process.env, DOCKER_HOST: `unix://${daemon.socket}`, HOME: folder };
    execFile(GANTRY, args, { cwd: folder, env, timeout: 120_000 }, (error, out, err) =>
      end({ code: error ? Number(error.code ?? -1) : 0, out, err }),
    );
  });
}

async function build(dockerfile: string, ...args: string[]) {
  writeFileSync(join(folder, 'context/Dockerfile'), dockerfile);
  return await gantry('build', '--progress', 'plain', '--network', 'none', ...args, 'context');
}

async function platformOf(name: string): Promise<string> {
  const { out } = await gantry('image', 'inspect', '-f', '{{.Os}}/{{.Architecture}}/{{.Variant}}', name);
  return out.trim();
}

const BOTH = `FROM --platform=$BUILDPLATFORM conformance AS made
ARG BUILDPLATFORM BUILDOS BUILDARCH TARGETPLATFORM TARGETOS TARGETARCH TARGETVARIANT
RUN echo "from $BUILDPLATFORM $BUILDOS $BUILDARCH to $TARGETPLATFORM $TARGETOS $TARGETARCH $TARGETVARIANT" | tee /words
FROM scratch
COPY --from=made /words /
COPY file /
`;

test('a build without commands for the other machine needs no emulator', async () => {
  const here = { x64: 'linux/amd64', arm64: 'linux/arm64' }[process.arch as 'x64' | 'arm64'];
  for (const [platform, told] of [
    ['linux/riscv64', 'linux/riscv64/'],
    ['linux/arm/v7', 'linux/arm/v7'],
  ] as const) {
    const { code, err } = await build(BOTH, '--platform', platform, '-t', 'other');
    assert.equal(code, 0, err);
    const [os, architecture, variant = ''] = platform.split('/');
    assert.match(err, new RegExp(`from ${here} linux \\w+ to ${platform} ${os} ${architecture} ${variant}`));
    assert.equal(await platformOf('other'), told);
  }
  const based = await build('FROM arm\nCOPY file /x\nWORKDIR /y\n', '--platform', 'linux/arm64', '-t', 'based');
  assert.equal(based.code, 0, based.err);
  assert.equal(await platformOf('based'), 'linux/arm64/');
});

test('what is here for one platform is not here for another, and keeps its name', async () => {
  const { code, err } = await build('FROM conformance\nCOPY file /\n', '--platform', 'linux/riscv64');
  assert.equal(code, 1);
  assert.match(err, /conformance: failed to resolve source metadata for docker.io\/library\/conformance:latest/);
  assert.equal((await gantry('image', 'inspect', 'conformance')).code, 0);
});

test('images of other systems are not for this store', async () => {
  const { code, err } = await build('FROM scratch\nCOPY file /\n', '--platform', 'windows/amd64');
  assert.equal(code, 1);
  assert.match(err, /failed to solve: operating system is not supported/);
});

test('commands of another machine run when the kernel has an emulator for it', async () => {
  const text = 'FROM arm\nRUN uname -m > /m && cat /m\nRUN ["ls", "/m"]\n';
  const without = await build(text, '--platform', 'linux/arm64');
  assert.equal(without.code, 1);
  assert.match(without.err, / exec \/bin\/sh: exec format error\n/);
  assert.match(without.err, /did not complete successfully: exit code: 255/);
  using _ = emulateArm64();
  const { code, err } = await build(text, '--platform', 'linux/arm64', '-t', 'emulated');
  assert.equal(code, 0, err);
  assert.match(err, / aarch64\n/);
  assert.equal(await platformOf('emulated'), 'linux/arm64/');
  const ran = await gantry('run', '--rm', '--network', 'none', 'emulated', 'uname', '-m');
  assert.equal(ran.out, 'aarch64\n');
});
