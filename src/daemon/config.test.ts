import assert from 'node:assert/strict';
import { test } from 'node:test';
import { engineMark, joinSettings, toConfig } from './config.ts';
import { lineOf, parseConfig } from './config-file.ts';
import { parseFlags, usage } from './flags.ts';

const fromFile = (text: string) => toConfig(parseConfig(text, 'daemon.json'), false);

test('the file and the flags say the same thing in their own forms', () => {
  const file = parseConfig(
    '{"hosts":["unix:///a"],"debug":true,"mtu":1400,"log-opts":{"max-size":"1m"},"default-ulimits":{"nofile":{"Name":"nofile","Soft":1,"Hard":2}},"default-address-pools":[{"base":"10.0.0.0/8","size":24}]}',
    'x',
  );
  const flags = parseFlags(
    '-H unix:///a -D --mtu=1400 --log-opt max-size=1m --default-ulimit nofile=1:2 --default-address-pool base=10.0.0.0/8,size=24'.split(
      ' ',
    ),
  );
  assert.deepEqual(flags.settings, file);
});

test('an unknown key or a bad value is refused with its name and line', () => {
  const cases: [string, RegExp][] = [
    ['{\n "debug": true,\n "frobnicate": 1\n}', /^daemon\.json:3: unknown key "frobnicate"$/],
    ['{"debug":\n"yes"}', /^daemon\.json:1: "debug" must be true or false, not "yes"$/],
    ['{"x": {"debug": 1},\n "debug": 1}', /^daemon\.json:1: unknown key "x"$/],
    ['{"hosts": "unix:///a"}', /"hosts" must be an array of strings/],
    ['{"mtu": 1.5}', /"mtu" must be a whole number/],
    ['{"debug": true', /^daemon\.json: not JSON: /],
    ['[]', /must be a JSON object/],
  ];
  for (const [text, message] of cases) assert.throws(() => fromFile(text), { message }, text);
  assert.equal(lineOf('{"log-opts": {\n"debug": ""},\n\n"debug": 1}', 'debug'), 4);
});

test('values beyond their type are checked', () => {
  const cases: [string, RegExp][] = [
    ['{"data-root": "here"}', /"data-root" must be an absolute path/],
    ['{"hosts": ["ftp://x"]}', /invalid bind address "ftp:\/\/x"/],
    ['{"log-level": "loud"}', /"log-level" must be one of/],
    ['{"exec-opts": ["a=b"]}', /unknown option "a=b"/],
    ['{"default-shm-size": "much"}', /"default-shm-size" must be a size/],
    ['{"log-opts": {"nosuch": "x"}}', /unknown log opt 'nosuch' for json-file log driver/],
    ['{"storage-driver": "aufs"}', /"storage-driver" must be/],
  ];
  for (const [text, message] of cases) assert.throws(() => fromFile(text), { message }, text);
  assert.equal(fromFile('{"default-shm-size": "1.5g"}').containers.shmSize, 1.5 * 2 ** 30);
  assert.equal(fromFile('').hosts[0], 'unix:///run/gantry/gantry.sock');
});

test('a setting in both places is refused', () => {
  assert.throws(() => joinSettings({ debug: true }, { debug: true }), {
    message:
      'the following directives are specified both as a flag and in the configuration file: debug: (from flag: true, from file: true)',
  });
});

test('flags: glued and separate values, switches with values, errors', () => {
  assert.deepEqual(parseFlags(['-lwarn', '--debug=false', '--data-root', '/x']).settings, {
    'log-level': 'warn',
    debug: false,
    'data-root': '/x',
  });
  assert.throws(() => parseFlags(['--frob']), { message: 'unknown flag: --frob' });
  assert.throws(() => parseFlags(['--mtu']), { message: 'flag needs an argument: --mtu' });
  assert.throws(() => parseFlags(['--mtu=x']), /invalid argument "x" for "--mtu" flag/);
  assert.throws(() => parseFlags(['serve']), /takes only flags/);
  assert.match(usage(), /--data-root/);
});

test('only the default data root has no mark', () => {
  assert.equal(engineMark('/var/lib/gantry'), '');
  assert.match(engineMark('/nowhere/else'), /^[0-9a-f]{6}$/);
});
