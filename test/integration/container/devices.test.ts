import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Engine } from './engine.ts';

let engine: Engine;
let folders: string[];
before(async () => {
  engine = await Engine.open();
  folders = ['one', 'two'].map((name) => join(engine.daemon.folder, name));
  for (const folder of folders) mkdirSync(folder);
  await engine.daemon.stop();
  await engine.daemon.start({ args: folders.flatMap((folder) => ['--cdi-spec-dir', folder]) });
});
after(() => engine.destroy());

const requests = (...DeviceIDs: string[]) => ({ DeviceRequests: [{ Driver: 'cdi', DeviceIDs }] });
const write = (folder: string, name: string, text: string) => writeFileSync(join(folder, name), text);

test('a CDI device brings its nodes, variables, mounts, groups and hooks', async () => {
  const mark = join(engine.daemon.folder, 'hook-ran');
  const hook = join(engine.daemon.folder, 'hook');
  writeFileSync(hook, `#!/bin/sh\ncat > ${mark}\n`);
  chmodSync(hook, 0o755);
  write(
    folders[0]!,
    'vendor.json',
    JSON.stringify({
      cdiVersion: '0.6.0',
      kind: 'vendor.com/class',
      devices: [
        {
          name: 'a',
          containerEdits: {
            env: ['DEVICE=a', 'PATH=/bin:/x'],
            deviceNodes: [{ path: '/dev/vendor/a', hostPath: '/dev/null', permissions: 'rw' }],
            hooks: [{ hookName: 'createRuntime', path: hook }],
            additionalGids: [4711],
          },
        },
        { name: 'b', containerEdits: { deviceNodes: [{ path: '/dev/b', type: 'c', major: 1, minor: 5 }] } },
      ],
      containerEdits: {
        env: ['VENDOR=1'],
        mounts: [{ hostPath: '/usr/share', containerPath: '/vendor/share', options: ['ro', 'nosuid'] }],
      },
    }),
  );
  const script = `echo $DEVICE $VENDOR $PATH; ls /dev/vendor /dev/b; echo > /dev/vendor/a; head -c 2 /dev/b | tr '\\0' 0; echo
    ls -d /vendor/share; touch /vendor/share/x; id -G`;
  const text = await engine.output(script, requests('vendor.com/class=a', 'vendor.com/class=b'));
  assert.deepEqual(
    text
      .replace(/touch: .*\n/, '')
      .trim()
      .split('\n'),
    ['a 1 /bin:/x', '/dev/b', '', '/dev/vendor:', 'a', '00', '/vendor/share', '0 4711'],
  );
  assert.match(text, /touch: \/vendor\/share\/x: Read-only file system/);
  assert.equal(await engine.output('cat /proc/self/uid_map | wc -l', requests('vendor.com/class=a')), '1\n');
});

test('YAML is read too, and a later folder wins', async () => {
  const yaml = (value: string) => `cdiVersion: "0.5.0"
kind: yaml.org/thing
devices:
  - name: one
    containerEdits:
      env: ["WHICH=${value}"]
`;
  write(folders[0]!, 'thing.yaml', yaml('first'));
  assert.equal(await engine.output('echo $WHICH', requests('yaml.org/thing=one')), 'first\n');
  write(folders[1]!, 'thing.yaml', yaml('second'));
  assert.equal(await engine.output('echo $WHICH', requests('yaml.org/thing=one')), 'second\n');
});

test('a file that is no CDI file, or asks for what is not done, gives no device and is told in the log', async () => {
  write(folders[1]!, 'broken.json', '{');
  const kinds = { cdiVersion: '0.6.0', kind: 'bad.com/thing' };
  const edits = { hooks: [{ hookName: 'poststop', path: '/bin/true' }] };
  write(folders[1]!, 'hook.json', JSON.stringify({ ...kinds, devices: [{ name: 'x', containerEdits: edits }] }));
  await engine.create('refused', ['true'], requests('bad.com/thing=x'));
  const { status, body } = await engine.call('POST', '/containers/refused/start');
  const message = 'CDI device injection failed: unresolvable CDI devices bad.com/thing=x';
  assert.deepEqual([status, body], [500, { message }]);
  assert.match(engine.daemon.log(), /hook\.json: invalid hooks/);
  assert.match(engine.daemon.log(), /broken\.json: /);
  await engine.remove('refused');
});

test('a request for GPUs is served by the CDI devices of their vendor', async () => {
  const device = (name: string) => ({ name, containerEdits: { env: [`GPU_${name}=yes`] } });
  const spec = { cdiVersion: '0.6.0', kind: 'nvidia.com/gpu', devices: [device('0'), device('1'), device('all')] };
  write(folders[0]!, 'nvidia.json', JSON.stringify(spec));
  const gpus = (Count: number) => ({ DeviceRequests: [{ Driver: '', Count, Capabilities: [['gpu']] }] });
  assert.equal(await engine.output('env | grep GPU', gpus(-1)), 'GPU_all=yes\n');
  assert.equal(await engine.output('env | grep GPU | sort', gpus(2)), 'GPU_0=yes\nGPU_1=yes\n');
});

test('info names the folders', async () => {
  const { CDISpecDirs } = (await engine.expect(200, 'GET', '/info')) as { CDISpecDirs: string[] };
  assert.deepEqual(CDISpecDirs, folders);
});
