import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  canonicalString,
  familiarString,
  parseAnyReference,
  parseReference,
  tagTarget,
  withDefaultTag,
} from './index.ts';

const HEX = '87c7050c15951d4afae7d6d0949fb7105ec2fe47acf8be449dcfa1267103a419';

const NAMES: readonly [text: string, canonical: string, familiar: string][] = [
  ['busybox', 'docker.io/library/busybox', 'busybox'],
  ['busybox:1.36', 'docker.io/library/busybox:1.36', 'busybox:1.36'],
  ['library/busybox', 'docker.io/library/busybox', 'busybox'],
  ['docker.io/busybox', 'docker.io/library/busybox', 'busybox'],
  ['index.docker.io/library/busybox', 'docker.io/library/busybox', 'busybox'],
  ['team/app:v1', 'docker.io/team/app:v1', 'team/app:v1'],
  ['docker.io/library/a/b', 'docker.io/library/a/b', 'library/a/b'],
  ['localhost/x', 'localhost/x', 'localhost/x'],
  ['localhost:5000/team/app', 'localhost:5000/team/app', 'localhost:5000/team/app'],
  ['quay.io/x:y', 'quay.io/x:y', 'quay.io/x:y'],
  ['[::1]:5000/x', '[::1]:5000/x', '[::1]:5000/x'],
  ['Host/x', 'Host/x', 'Host/x'],
  [`x@sha256:${HEX}`, `docker.io/library/x@sha256:${HEX}`, `x@sha256:${HEX}`],
  [`x:t@sha256:${HEX}`, `docker.io/library/x:t@sha256:${HEX}`, `x:t@sha256:${HEX}`],
  ['sha256:ab', 'docker.io/library/sha256:ab', 'sha256:ab'],
];

test('names have a long and a familiar form, and both mean the same', () => {
  for (const [text, canonical, familiar] of NAMES) {
    const reference = parseReference(text);
    assert.equal(canonicalString(reference), canonical);
    assert.equal(familiarString(reference), familiar);
    assert.deepEqual(parseReference(canonical), reference);
    assert.deepEqual(parseReference(familiar), reference);
  }
});

const BAD: readonly [text: string, message: string][] = [
  ['', 'invalid reference format'],
  ['a//b', 'invalid reference format'],
  ['x:', 'invalid reference format'],
  ['x:-t', 'invalid reference format'],
  ['-x', 'invalid reference format'],
  ['a b', 'invalid reference format'],
  [`x:${'t'.repeat(129)}`, 'invalid reference format'],
  ['a'.repeat(5000), 'invalid reference format'],
  ['UPPER', 'invalid reference format: repository name (library/UPPER) must be lowercase'],
  ['team/App:v', 'invalid reference format: repository name (team/App) must be lowercase'],
  [HEX, `invalid repository name (${HEX}), cannot specify 64-byte hexadecimal strings`],
  ['x@sha256:abcdefabcdefabcdefabcdefabcdefab', 'invalid checksum digest length'],
  [`quay.io/${'a'.repeat(256)}`, 'repository name must not be more than 255 characters'],
];

test("malformed names are refused in Docker's words", () => {
  for (const [text, message] of BAD) assert.throws(() => parseReference(text), { message, kind: 'invalid-argument' });
});

test('an id is told from a name', () => {
  assert.deepEqual(parseAnyReference(HEX), { id: `sha256:${HEX}` });
  assert.deepEqual(parseAnyReference(`sha256:${HEX}`), { id: `sha256:${HEX}` });
  assert.equal('reference' in parseAnyReference('sha256:ab'), true);
});

test('latest stands only where there is neither tag nor digest', () => {
  assert.equal(familiarString(withDefaultTag(parseReference('x'))), 'x:latest');
  assert.equal(familiarString(withDefaultTag(parseReference('x:t'))), 'x:t');
  assert.equal(withDefaultTag(parseReference(`x@sha256:${HEX}`)).tag, undefined);
});

test('the target of a tag: a separate tag wins, and some names are refused', () => {
  assert.equal(tagTarget('', 'x'), undefined);
  assert.equal(familiarString(tagTarget('foo:bar', 'baz')!), 'foo:baz');
  assert.equal(familiarString(tagTarget('foo:bar')!), 'foo:bar');
  assert.equal(familiarString(tagTarget('foo', '')!), 'foo:latest');
  const refused: [repo: string, tag: string, message: string][] = [
    ['a/b', '--', 'invalid tag format'],
    ['foo', 'a:b', 'invalid tag format'],
    ['sha256', '', 'refusing to create an ambiguous tag using digest algorithm as name'],
    [`foo@sha256:${HEX}`, '', 'cannot import digest reference'],
  ];
  for (const [repo, tag, message] of refused) assert.throws(() => tagTarget(repo, tag), { message });
});
