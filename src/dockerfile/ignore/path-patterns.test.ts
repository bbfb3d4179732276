import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasWildcard, matchesPath } from './glob.ts';
import { readIgnoreFile } from './ignore-file.ts';
import { PathPatterns } from './path-patterns.ts';

const ignores = (patterns: string[], path: string) => new PathPatterns(patterns).matches(path);

test('one pattern and one path', () => {
  const cases: [pattern: string, path: string, matches: boolean][] = [
    ['a', 'a', true],
    ['a', 'a/b/c', true],
    ['a', 'b/a', false],
    ['a/b', 'a/b/c', true],
    ['*', 'a/b', true],
    ['*.go', 'x.go', true],
    ['*.go', 'a/x.go', false],
    ['*/*.go', 'a/x.go', true],
    ['**', 'a/b', true],
    ['**/a', 'a', true],
    ['**/a', 'x/y/a/z', true],
    ['**/a', 'x/ya', false],
    ['**a', 'x/ya', true],
    ['a/**', 'a', false],
    ['a/**', 'a/b/c', true],
    ['a/**/b', 'a/b', true],
    ['a/**/b', 'a/x/y/b', true],
    ['a/**/b', 'a/xb', false],
    ['a**b', 'a/x/b', true],
    ['**/*.txt', 'a/b/c.txt', true],
    ['**/*.txt', 'c.txt', true],
    ['a?c', 'abc', true],
    ['a?c', 'a/c', false],
    ['[a-c]x', 'bx', true],
    ['[^a-c]x', 'bx', false],
    ['\\*', '*', true],
    ['\\*', 'a', false],
    ['a.b', 'axb', false],
    ['a+(b)$', 'a+(b)$', true],
    ['./a/../b/', 'b', true],
    ['caf?', 'café', true],
  ];
  for (const [pattern, path, matches] of cases) assert.equal(ignores([pattern], path), matches, `${pattern} ${path}`);
});

test('the last match decides, exceptions reach below excluded folders', () => {
  const patterns = ['*', '!src', 'src/secret', '!src/secret/ok'];
  const verdicts = ['a', 'src/a', 'src/secret/a', 'src/secret/ok', 'srcx'].map((path) => ignores(patterns, path));
  assert.deepEqual(verdicts, [true, false, true, false, true]);
  assert.equal(ignores(['!a', 'a'], 'a'), true);
});

test('a walk sees what single paths see, and knows what it may skip', () => {
  const patterns = new PathPatterns(['out', '!out/keep/*.log', '**/tmp', 'a/b']);
  const tree = ['out', 'out/keep', 'out/keep/x.log', 'out/keep/x.txt', 'a', 'a/b', 'a/b/tmp', 'a/tmp', 'a/tmp/x'];
  const trails = new Map<string, readonly boolean[]>();
  for (const path of tree) {
    const parent = trails.get(path.split('/').slice(0, -1).join('/'));
    const { matches, trail } = patterns.step(path, parent);
    trails.set(path, trail);
    assert.equal(matches, patterns.matches(path), path);
  }
  assert.deepEqual(
    ['out', 'out/keep', 'out/other', 'a/b'].map((folder) => patterns.maySkip(folder)),
    [false, false, true, true],
  );
  assert.equal(new PathPatterns(['*', '!a/[^b]x']).maySkip('a/c'), false);
  const included = new PathPatterns(['src/**/x', 'doc/*.md']);
  assert.deepEqual(
    ['src', 'src/a', 'doc', 'doc/a', 'lib'].map((folder) => included.mayMatchBelow(folder)),
    [true, true, true, false, false],
  );
});

test('malformed patterns are refused', () => {
  for (const pattern of ['[', '[]a]', '[a-]', 'a\\', '[-x]']) {
    assert.throws(() => new PathPatterns([pattern]), { message: 'syntax error in pattern' }, pattern);
  }
  assert.throws(() => new PathPatterns(['!']), { message: 'illegal exclusion pattern: "!"' });
});

test('an ignore file: comments, blanks, slashes, exceptions, a byte order mark', () => {
  const text = '\uFEFF# no\n #yes\n\n /a/b/ \r\n! /c/./d\n..//x\n/\n';
  assert.deepEqual(readIgnoreFile(Buffer.from(text)), ['#yes', 'a/b', '!c/d', '../x', '/']);
});

test("wildcards of sources are Go's", () => {
  assert.equal(matchesPath('/a/*.x', '/a/b.x'), true);
  assert.equal(matchesPath('/a/**', '/a/b/c'), false);
  assert.deepEqual(['a*', 'a?', 'a[b]', 'a\\*', 'a'].map(hasWildcard), [true, true, true, false, false]);
});

test('no pattern is slow', () => {
  const pattern = `${'*a'.repeat(1000)}b`;
  assert.equal(ignores([pattern], 'a'.repeat(4000)), false);
});
