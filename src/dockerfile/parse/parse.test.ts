import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Instruction } from '../ast.ts';
import { DockerfileError } from '../dockerfile-error.ts';
import type { Finding } from '../finding.ts';
import { parseDockerfile } from './parse.ts';

const parse = (...lines: string[]) => parseDockerfile(Buffer.from(lines.join('\n')));

function only(...lines: string[]): Instruction {
  const { stages } = parse('FROM scratch', ...lines);
  assert.equal(stages[0]!.instructions.length, 1);
  return stages[0]!.instructions[0]!;
}

function refusal(...lines: string[]): [message: string, lines: string] {
  try {
    parse(...lines);
  } catch (error) {
    assert.ok(error instanceof DockerfileError, String(error));
    return [error.message, error.locations.map(({ first, last }) => `${first}-${last}`).join(' ')];
  }
  return assert.fail('was not refused');
}

test('continued lines are one instruction: comments inside are dropped, later lines keep their indentation', () => {
  const run = only('  RUN a \\', '  # no', '\t b \\', '', 'c', '# end');
  assert.equal(run.kind === 'RUN' && run.words[0], 'a \t b c');
  assert.deepEqual(run.lines, { first: 2, last: 6 });
});

test('an escape before the escape at the end of a line keeps it from going on', () => {
  assert.deepEqual(parse('FROM scratch', 'CMD a\\\\', 'CMD b').stages[0]!.instructions.length, 2);
});

test('directives are read until the first line that is none', () => {
  const { directives, escapeToken } = parse(
    '# syntax = docker/dockerfile:1',
    '# Escape=`',
    'FROM a',
    '# check=skip=all',
  );
  assert.deepEqual([directives.map(({ name }) => name), escapeToken], [['syntax', 'escape'], '`']);
  assert.equal(parse('# note', '# escape=`', 'FROM a').escapeToken, '\\');
  assert.deepEqual(refusal('# escape=\\', '# escape=`', 'FROM a'), [
    'only one escape parser directive can be used',
    '1-1',
  ]);
  assert.deepEqual(refusal('# escape=x', 'FROM a')[0], "invalid escape token 'x' does not match ` or \\");
});

test('heredocs: several of a line, quoted, with tabs, in a trigger', () => {
  const run = only('RUN <<A cat - <<-"B" >x', '1 \\', '# 2', 'A', '\t3', '\tB');
  assert.ok(run.kind === 'RUN');
  assert.deepEqual(run.heredocs, [
    { name: 'A', fileDescriptor: 0, expand: true, chomp: false, content: '1 \\\n# 2\n' },
    { name: 'B', fileDescriptor: 0, expand: false, chomp: true, content: '\t3\n' },
  ]);
  const copy = only('COPY a <<-X <<Y /dst/', '\tx', 'X', '\ty', 'Y');
  assert.ok(copy.kind === 'COPY');
  assert.deepEqual(copy.sources, ['a']);
  assert.deepEqual(copy.files, [
    { path: 'X', data: 'x\n', expand: true },
    { path: 'Y', data: '\ty\n', expand: true },
  ]);
  const trigger = only('ONBUILD RUN <<E', 'x', 'E');
  assert.equal(trigger.kind === 'ONBUILD' && trigger.trigger, 'RUN <<E\nx\nE');
  assert.deepEqual(refusal('FROM a', 'RUN <<E', 'x'), ['unterminated heredoc', '2-3']);
  assert.equal(only('CMD <<E').kind, 'CMD');
});

test('flags of RUN, COPY and ADD', () => {
  const run = only(
    'RUN --mount=type=cache,target=/c --mount=from=x,dst=/y --network=none --security=insecure --device=gpu,required -- --x',
  );
  assert.ok(run.kind === 'RUN');
  assert.deepEqual(run.mounts, [
    { text: 'type=cache,target=/c', from: '' },
    { text: 'from=x,dst=/y', from: 'x' },
  ]);
  assert.deepEqual([run.network, run.security, run.words], ['none', 'insecure', ['--x']]);
  assert.deepEqual(run.devices, [{ name: 'gpu', required: true }]);
  const copy = only('COPY --from=0 --chown=1:2 --chmod=u+x --link --parents=true --exclude=a --exclude=b s "d e" t/');
  assert.ok(copy.kind === 'COPY');
  assert.deepEqual(
    [copy.from, copy.chown, copy.chmod, copy.link, copy.parents, copy.exclude, copy.sources, copy.destination],
    ['0', '1:2', 'u+x', true, true, ['a', 'b'], ['s', '"d', 'e"'], 't/'],
  );
  const add = only('ADD --checksum=sha256:1 --keep-git-dir --unpack=false ["a b", "c"]');
  assert.ok(add.kind === 'ADD');
  assert.deepEqual([add.checksum, add.keepGitDir, add.unpack, add.sources], ['sha256:1', true, false, ['a b']]);
});

test('JSON that is none is a shell form, JSON of other things is refused', () => {
  const cmd = only("CMD ['a', 'b']");
  assert.deepEqual(cmd.kind === 'CMD' && [cmd.words, cmd.inShell], [["['a', 'b']"], true]);
  const list = only('ENTRYPOINT [ "a", "b" ]');
  assert.deepEqual(list.kind === 'ENTRYPOINT' && [list.words, list.inShell], [['a', 'b'], false]);
  assert.match(refusal('FROM a', 'CMD [1]')[0], /^when using JSON array syntax/);
});

test("refusals have Docker's text and lines", () => {
  const cases: [lines: string[], text: string, at: string][] = [
    [[''], 'file with no instructions', '0-0'],
    [['RUN x'], 'no build stage in current context', '1-1'],
    [['FROM a', 'RUNN x'], 'dockerfile parse error on line 2: unknown instruction: RUNN (did you mean RUN?)', '2-2'],
    [['FROM a b'], 'dockerfile parse error on line 1: FROM requires either one or three arguments', '1-1'],
    [
      ['FROM a AS 1'],
      'dockerfile parse error on line 1: invalid name for build stage: "1", name can\'t start with a number or contain symbols',
      '1-1',
    ],
    [
      ['FROM a', 'COPY --form=x a b'],
      'dockerfile parse error on line 2: unknown flag: --form (did you mean from?)',
      '2-2',
    ],
    [
      ['FROM a', 'COPY --link=x a b'],
      'dockerfile parse error on line 2: expecting boolean value for flag --link, not: x',
      '2-2',
    ],
    [
      ['FROM a', 'COPY \\', 'a'],
      'dockerfile parse error on line 2: COPY requires at least two arguments, but only one was provided. Destination could not be determined',
      '2-3',
    ],
    [['FROM a', 'ENV x'], 'ENV must have two arguments', '2-2'],
    [['FROM a', 'LABEL a=b c'], 'Syntax error - can\'t find = in "c". Must be of the form: name=value', '2-2'],
    [['FROM a', 'ENV =x'], 'dockerfile parse error on line 2: ENV names can not be blank', '2-2'],
    [
      ['FROM a', 'SHELL sh'],
      'dockerfile parse error on line 2: SHELL requires the arguments to be in JSON form',
      '2-2',
    ],
    [
      ['FROM a', 'HEALTHCHECK --interval=1 CMD x'],
      'dockerfile parse error on line 2: time: missing unit in duration "1"',
      '2-2',
    ],
    [
      ['FROM a', 'ONBUILD ONBUILD RUN x'],
      "dockerfile parse error on line 2: Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed",
      '2-2',
    ],
    [
      ['FROM a', 'RUN --mount=from=$x,target=/a y'],
      "dockerfile parse error on line 2: 'from' doesn't support variable expansion, define alias stage instead",
      '2-2',
    ],
  ];
  for (const [lines, text, at] of cases) assert.deepEqual(refusal(...lines), [text, at], lines.join('\\n'));
});

test('a line may have 65535 bytes and no more', () => {
  const line = `RUN ${'é'.repeat(32765)}x`;
  assert.equal(parse('FROM a', line).stages[0]!.instructions.length, 1);
  assert.match(refusal('FROM a', `${line}y`)[0], /greater than max allowed size of 65535$/);
});

test('findings of the text are told in order', () => {
  const found: Finding[] = [];
  parseDockerfile(Buffer.from('# x\nfrom a AS Up\nRUN \\\n\n x\nMAINTAINER me\n'), (finding) => found.push(finding));
  assert.deepEqual(
    found.map(({ rule }) => rule),
    ['NoEmptyContinuation', 'StageNameCasing', 'FromAsCasing', 'InvalidDefinitionDescription', 'MaintainerDeprecated'],
  );
});
