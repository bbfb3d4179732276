import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePlatform } from './platform.ts';

test('what is no platform is refused in the words of containerd', () => {
  const system = String.raw`OSAndVersion specifier component must match "^([A-Za-z0-9_-]+)(?:\\(([A-Za-z0-9_.%-]*)((?:\\+[A-Za-z0-9_.%-]+)*)\\))?$": invalid argument`;
  const cases = [
    [' ', `" " is an invalid OS component of " ": ${system}`],
    ['/', `"" is an invalid OS component of "/": ${system}`],
    ['a/b/c/d', '"a/b/c/d": cannot parse platform specifier: invalid argument'],
    ['*', '"*": wildcards not yet supported: invalid argument'],
    [
      'linux/&',
      '"&" is an invalid component of "linux/&": platform specifier component must match "^[A-Za-z0-9_.-]+$": invalid argument',
    ],
    ['nintendo64', '"nintendo64": unknown operating system or architecture: invalid argument'],
  ];
  for (const [text, message] of cases) assert.throws(() => parsePlatform(text!), { message });
  assert.equal(parsePlatform('linux(6.1)/amd64').architecture, 'amd64');
  assert.equal(parsePlatform('macos').os, 'darwin');
});
