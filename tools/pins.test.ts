import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

interface Locked {
  readonly version: string;
  readonly dev?: boolean;
  readonly integrity?: string;
}

const { packages } = JSON.parse(readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8')) as {
  packages: Record<string, Locked>;
};

test('what is pinned for x86-64 is pinned for arm64 at the same version', () => {
  const x64 = Object.keys(packages).filter((name) => /linux-x64$/.test(name));
  assert.ok(x64.length >= 4, x64.join(' '));
  for (const name of x64) {
    const other = packages[name.replace(/x64$/, 'arm64')];
    assert.equal(other?.version, packages[name]!.version, name);
    assert.match(other?.integrity ?? '', /^sha512-/, name);
  }
});
