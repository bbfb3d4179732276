import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Flag } from '../command.ts';
import { parseFlags } from './parse.ts';

const flags: Flag[] = [
  { name: 'all', short: 'a', kind: 'bool', usage: '' },
  { name: 'quiet', short: 'q', kind: 'bool', usage: '' },
  { name: 'publish', short: 'p', kind: 'list', usage: '' },
  { name: 'last', short: 'n', kind: 'int', usage: '', initial: -1 },
  { name: 'network', kind: 'list', usage: '' },
  { name: 'net', kind: 'list', usage: '', alias: 'network', hidden: true },
];

test('flags are read in all the ways that pflag reads them', () => {
  const { values, operands } = parseFlags(flags, [
    '-aq',
    '-p80:80',
    '-p=81:81',
    '--publish',
    '82',
    'x',
    '--last=3',
    '--net',
    'n',
    '--',
    '-q',
  ]);
  assert.equal(values.bool('all'), true);
  assert.equal(values.bool('quiet'), true);
  assert.deepEqual(values.list('publish'), ['80:80', '81:81', '82']);
  assert.equal(values.number('last'), 3);
  assert.deepEqual(values.list('network'), ['n']);
  assert.deepEqual(operands, ['x', '-q']);
  assert.ok(values.changed('last') && values.changed('network'));
});

test('flags end at the first operand where a command line follows', () => {
  const { values, operands } = parseFlags(flags, ['-a', 'image', '-q', '--', 'x'], true);
  assert.equal(values.bool('quiet'), false);
  assert.deepEqual(operands, ['image', '-q', '--', 'x']);
});

test('a bool takes a value only after an equals sign, a lone dash is an operand', () => {
  const { values, operands } = parseFlags(flags, ['--all=false', '-q', 'false', '-']);
  assert.equal(values.bool('all'), false);
  assert.equal(values.bool('quiet'), true);
  assert.deepEqual(operands, ['false', '-']);
});

test('help is asked for by its long name, and by -h where nothing else is called that', () => {
  assert.equal(parseFlags(flags, ['--help']).help, true);
  assert.equal(parseFlags(flags, ['-h']).shortHelp, true);
  assert.equal(
    parseFlags([...flags, { name: 'host', short: 'h', kind: 'string', usage: '' }], ['-h', 'x']).help,
    false,
  );
});

const wrong: [string[], string][] = [
  [['--frob'], 'unknown flag: --frob'],
  [['-aZ'], "unknown shorthand flag: 'Z' in -Z"],
  [['--last'], 'flag needs an argument: --last'],
  [['-ap'], "flag needs an argument: 'p' in -p"],
  [['--last=x'], 'invalid argument "x" for "-n, --last" flag: strconv.ParseInt: parsing "x": invalid syntax'],
  [
    ['--all=maybe'],
    'invalid argument "maybe" for "-a, --all" flag: strconv.ParseBool: parsing "maybe": invalid syntax',
  ],
  [['---x'], 'bad flag syntax: ---x'],
  [['--=x'], 'bad flag syntax: --=x'],
];

test('wrong flags are refused in the words of pflag', () => {
  for (const [words, message] of wrong) assert.throws(() => parseFlags(flags, words), { message });
});
