import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expandWord } from './lex.ts';

const variables: Readonly<Record<string, string>> = {
  a: 'b c',
  empty: '',
  path: '/usr/lib/libx.so.1',
  é: 'accent',
};
const lookup = (name: string) => (Object.hasOwn(variables, name) ? variables[name] : undefined);
const text = (word: string) => expandWord(word, lookup).text;

test('every form of substitution', () => {
  const cases: Readonly<Record<string, string>> = {
    $a: 'b c',
    '${a}x': 'b cx',
    '$unset.': '.',
    $é: 'accent',
    $: '$',
    '$5$@x$$': 'x',
    '\\$a': '$a',
    "'$a'": '$a',
    '"$a\\"\\x"': 'b c"\\x',
    '${empty:-$a}': 'b c',
    '${empty-x}': '',
    '${unset-"x y"}': 'x y',
    '${unset:-${unset:-deep}}': 'deep',
    '${a:+set}${empty:+set}${empty+set}': 'setset',
    '${a:?no}': 'b c',
    '${path#*/}': 'usr/lib/libx.so.1',
    '${path##*/}': 'libx.so.1',
    '${path%.*}': '/usr/lib/libx.so',
    '${path%%.*}': '/usr/lib/libx',
    '${path/lib/LIB}': '/usr/LIB/libx.so.1',
    '${path//lib/LIB}': '/usr/LIB/LIBx.so.1',
    '${path//\\/?/_}': '_sr_ib_ibx.so.1',
    '${path/#/x}': '/usr/lib/libx.so.1',
    '${a//?/xy}': 'xyxyxy',
  };
  for (const [word, expected] of Object.entries(cases)) assert.equal(text(word), expected, word);
});

test('what cannot be expanded says why', () => {
  const cases: Readonly<Record<string, string>> = {
    '${': 'failed to process "${": syntax error: missing \'}\'',
    '${}': 'failed to process "${}": syntax error: bad substitution',
    '${a:x}': 'failed to process "${a:x}": unsupported modifier (:x) in substitution',
    '${a:#x}': 'failed to process "${a:#x}": unsupported modifier (:#) in substitution',
    '${unset?}': 'failed to process "${unset?}": unset: is not allowed to be unset',
    '${empty:?why not}': 'failed to process "${empty:?why not}": empty: why not',
    "'a": 'failed to process "\'a": unexpected end of statement while looking for matching single-quote',
    '${a:-"x}': 'failed to process "${a:-\\"x}": syntax error: missing \'}\'',
  };
  for (const [word, message] of Object.entries(cases)) assert.throws(() => text(word), { message }, word);
});

test('used names, and words split after expansion', () => {
  const { words, matched, unmatched } = expandWord('x$a "$a" \'y z\' ${u:-$v}', lookup);
  assert.deepEqual(words, ['xb', 'c', 'b c', 'y z']);
  assert.deepEqual([[...matched], [...unmatched]], [['a'], ['v', 'u']]);
});

test('growth, depth and patterns are bounded', () => {
  const big = 'x'.repeat(600_000);
  assert.throws(() => expandWord('$v$v', () => big), /longer than/);
  assert.throws(() => text('${a:-'.repeat(100_000)), /missing '}'|nested too deeply/);
  const many = 'a'.repeat(60_000);
  assert.throws(() => expandWord(`\${v/${'*a'.repeat(200)}b/x}`, () => many), /too long to match/);
});
