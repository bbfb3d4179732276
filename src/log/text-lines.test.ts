import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toText } from './text-lines.ts';

test('a line of text is what Docker writes', () => {
  assert.equal(
    toText({
      time: '2026-01-01T00:00:00Z',
      level: 'warn',
      msg: 'two words',
      module: 'server',
      error: { message: 'x' },
    }),
    'time="2026-01-01T00:00:00Z" level=warning msg="two words" module=server error="{\\"message\\":\\"x\\"}"',
  );
});
