import assert from 'node:assert/strict';
import { test } from 'node:test';
import { amd64Platforms, emulatedPlatforms } from './platforms.ts';

const V2 = 'cx16 lahf_lm popcnt sse4_1 sse4_2 ssse3';
const V3 = 'abm avx avx2 bmi1 bmi2 f16c fma movbe xsave';

test('levels of amd64 follow each other', () => {
  const of = (flags: string) => amd64Platforms(`processor\t: 0\nflags\t\t: fpu ${flags} zz\nbugs\t: none\n`);
  assert.deepEqual(of(''), ['linux/amd64', 'linux/386']);
  assert.deepEqual(of(V3), ['linux/amd64', 'linux/386'], 'the third without the second');
  assert.deepEqual(of(`${V2} ${V3}`), ['linux/amd64', 'linux/amd64/v2', 'linux/amd64/v3', 'linux/386']);
});

const handler = (magic: string, flags = 'POCF', state = 'enabled') =>
  `${state}\ninterpreter /usr/libexec/qemu\nflags: ${flags}\noffset 0\nmagic ${magic}\nmask ff\n`;
const ARM64 = '7f454c460201010000000000000000000200b700';

test('a handler stands for the machine of its ELF header', () => {
  assert.deepEqual(emulatedPlatforms(handler(ARM64)), ['linux/arm64']);
  assert.deepEqual(emulatedPlatforms(handler('7f454c460202010000000000000000000002' + '0016')), ['linux/s390x']);
  assert.deepEqual(emulatedPlatforms(handler('7f454c4601010100000000000000000002002800')), [
    'linux/arm/v7',
    'linux/arm/v6',
  ]);
});

test('a handler that containers cannot use, or of something else, stands for none', () => {
  assert.deepEqual(emulatedPlatforms(handler(ARM64, 'POC')), []);
  assert.deepEqual(emulatedPlatforms(handler(ARM64, 'F', 'disabled')), []);
  assert.deepEqual(emulatedPlatforms(handler('cafebabe')), []);
  assert.deepEqual(emulatedPlatforms('enabled\ninterpreter /usr/bin/jar\nflags: \nextension .jar\n'), []);
});
