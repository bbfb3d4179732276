import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyFileMode, parseFileMode } from './file-mode.ts';

test('modes as chmod reads them', () => {
  const cases: [text: string, before: number, isDirectory: boolean, after: number][] = [
    ['0755', 0o644, false, 0o755],
    ['4711', 0o644, false, 0o4711],
    ['u+x', 0o644, false, 0o744],
    ['go-r', 0o644, false, 0o600],
    ['u=rwX,go=rX', 0o600, false, 0o644],
    ['u=rwX,go=rX', 0o700, true, 0o755],
    ['a+X', 0o700, false, 0o711],
    ['g=u', 0o640, false, 0o660],
    ['o=g-w', 0o664, false, 0o664],
    ['+t', 0o755, true, 0o1755],
    ['u+s,g+s', 0o755, false, 0o6755],
    ['=', 0o777, false, 0],
  ];
  for (const [text, before, isDirectory, after] of cases) {
    assert.equal(applyFileMode(parseFileMode(text), before, isDirectory).toString(8), after.toString(8), text);
  }
  for (const text of ['8', '10000', '0x1']) {
    const message = `invalid chmod parameter: '${text}'. it should be octal string and between 0 and 07777`;
    assert.throws(() => parseFileMode(text), { message });
  }
  for (const text of ['u', 'u+q', '+x,', 'z=r'])
    assert.throws(() => parseFileMode(text), { message: 'invalid syntax' });
});
