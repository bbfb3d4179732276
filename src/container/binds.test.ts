import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseBind, parseVolumesFrom } from './binds.ts';
import { isMountMode } from './mount-mode.ts';

test('binds come apart into source, destination and mode', () => {
  assert.deepEqual(parseBind('/a:/b'), { type: 'bind', source: '/a', destination: '/b', mode: '' });
  assert.deepEqual(parseBind('/a//x/:/b/../c:ro,rslave'), {
    type: 'bind',
    source: '/a/x',
    destination: '/c',
    mode: 'ro,rslave',
  });
  assert.deepEqual(parseBind('vol:/b:nocopy'), { type: 'volume', source: 'vol', destination: '/b', mode: 'nocopy' });
  assert.deepEqual(parseBind('/x'), { type: 'volume', source: '', destination: '/x', mode: '' });
  assert.deepEqual(parseBind('/x:ro'), { type: 'volume', source: '', destination: '/x', mode: 'ro' });
  assert.deepEqual(parseBind('/v:/y:'), { type: 'bind', source: '/v', destination: '/y', mode: '' });
});

test('wrong binds are refused in the words of Docker', () => {
  const cases: [string, string][] = [
    ['a:b:c:d', "invalid volume specification: 'a:b:c:d'"],
    [':/x', "invalid volume specification: ':/x'"],
    ['/x:/y:z,Z', 'invalid mode: z,Z'],
    ['/x:/y:xx', 'invalid mode: xx'],
    [
      'a',
      "invalid volume specification: 'a': invalid mount config for type \"volume\": invalid mount path: 'a' mount path must be absolute",
    ],
    [
      '/x:.',
      "invalid volume specification: '/x:.': invalid mount config for type \"bind\": invalid mount path: '.' mount path must be absolute",
    ],
    [
      '/a:/',
      "invalid volume specification: '/a:/': invalid mount config for type \"bind\": invalid specification: destination can't be '/'",
    ],
    [
      '/v:/y:nocopy',
      'invalid volume specification: \'/v:/y:nocopy\': invalid mount config for type "bind": field VolumeOptions must not be specified',
    ],
    [
      'v:/y:rshared',
      'invalid volume specification: \'v:/y:rshared\': invalid mount config for type "volume": field BindOptions must not be specified',
    ],
  ];
  for (const [spec, message] of cases) assert.throws(() => parseBind(spec), { message, kind: 'internal' }, spec);
});

test('a mode has at most one word of each kind', () => {
  for (const mode of ['', 'ro', 'rw,z,rshared,nocopy,cached']) assert.ok(isMountMode(mode), mode);
  for (const mode of ['ro,rw', 'shared,slave', 'cached,delegated', 'nocopy,nocopy', 'RO', 'ro,']) {
    assert.ok(!isMountMode(mode), mode);
  }
});

test('--volumes-from names a container and may make it read-only', () => {
  assert.deepEqual(parseVolumesFrom('c1'), { container: 'c1', mode: 'rw' });
  assert.deepEqual(parseVolumesFrom('c1:ro'), { container: 'c1', mode: 'ro' });
  assert.throws(() => parseVolumesFrom('c1:xx'), { message: 'invalid mode: xx', kind: 'invalid-argument' });
});
