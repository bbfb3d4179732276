import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ContainerConfig } from '#api';
import type { ImageDefaults } from './merge.ts';
import { commandLine, mergeConfig } from './merge.ts';

const none: ContainerConfig = {
  Hostname: '',
  Domainname: '',
  User: '',
  AttachStdin: false,
  AttachStdout: false,
  AttachStderr: false,
  Tty: false,
  OpenStdin: false,
  StdinOnce: false,
  Env: null,
  Cmd: null,
  Image: 'x',
  Volumes: null,
  WorkingDir: '',
  Entrypoint: null,
  OnBuild: null,
  Labels: null,
};
const image: ImageDefaults = { Entrypoint: ['/init', '-v'], Cmd: ['serve'], Env: ['PATH=/bin', 'A=1'] };

function command(user: Partial<ContainerConfig>, of: ImageDefaults = image) {
  return commandLine(mergeConfig({ ...none, ...user }, of));
}

test('the image’s Cmd holds only when the user gave neither Entrypoint nor Cmd', () => {
  assert.deepEqual(command({}), { path: '/init', args: ['-v', 'serve'] });
  assert.deepEqual(command({ Cmd: ['a'] }), { path: '/init', args: ['-v', 'a'] });
  assert.deepEqual(command({ Entrypoint: ['e'] }), { path: 'e', args: [] });
  assert.deepEqual(command({ Entrypoint: ['e'], Cmd: ['a'] }), { path: 'e', args: ['a'] });
  assert.deepEqual(command({ Cmd: [] }), { path: '/init', args: ['-v', 'serve'] });
});

test('an empty Entrypoint resets the image’s; nothing left to run is an error', () => {
  assert.deepEqual(command({ Entrypoint: [''], Cmd: ['a'] }), { path: 'a', args: [] });
  assert.deepEqual(command({ Entrypoint: [], Cmd: ['a'] }), { path: 'a', args: [] });
  assert.deepEqual(command({ Entrypoint: [] }), { path: 'serve', args: [] });
  const refused = { message: 'no command specified', kind: 'invalid-argument' };
  assert.throws(() => command({ Entrypoint: [''] }), refused);
  assert.throws(() => command({}, {}), refused);
});

test('Env is merged by key, the user’s first', () => {
  const { Env } = mergeConfig({ ...none, Env: ['A=2', 'B=c', 'B=d', 'PATH'] }, image);
  assert.deepEqual(Env, ['A=2', 'B=c', 'B=d', 'PATH']);
  assert.deepEqual(mergeConfig(none, image).Env, ['PATH=/bin', 'A=1']);
});

test('ports and volumes are united, labels with the user’s on top, the rest by default', () => {
  const merged = mergeConfig(
    { ...none, ExposedPorts: { '90/udp': {} }, Volumes: { '/u': {} }, Labels: { a: 'user' } },
    {
      ...image,
      ExposedPorts: { '80/tcp': {} },
      Volumes: { '/i': {} },
      Labels: { a: 'image', b: 'image' },
      User: 'u',
      WorkingDir: '/w',
      StopSignal: 'SIGINT',
    },
  );
  assert.deepEqual(Object.keys(merged.ExposedPorts!).sort(), ['80/tcp', '90/udp']);
  assert.deepEqual(Object.keys(merged.Volumes!).sort(), ['/i', '/u']);
  assert.deepEqual(merged.Labels, { a: 'user', b: 'image' });
  assert.deepEqual([merged.User, merged.WorkingDir, merged.StopSignal], ['u', '/w', 'SIGINT']);
  assert.equal(mergeConfig(none, image).Volumes, null);
  assert.deepEqual(mergeConfig(none, image).Labels, {});
});

test('healthchecks are merged field by field', () => {
  const of = { ...image, Healthcheck: { Test: ['CMD', 'x'], Interval: 5, Retries: 2 } };
  assert.deepEqual(mergeConfig(none, of).Healthcheck, of.Healthcheck);
  const merged = mergeConfig({ ...none, Healthcheck: { Test: [], Interval: 7 } }, of).Healthcheck!;
  assert.deepEqual([merged.Test, merged.Interval, merged.Retries], [['CMD', 'x'], 7, 2]);
  assert.deepEqual(mergeConfig({ ...none, Healthcheck: { Test: ['NONE'] } }, of).Healthcheck!.Test, ['NONE']);
});
