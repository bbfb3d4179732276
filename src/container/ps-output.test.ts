import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertPsWords, parsePsOutput } from './ps-output.ts';

const OUTPUT = `UID        PID  PPID CMD
root         7     1 sh -c  sleep 5
root         8     7 other
`;

test('the processes of the container only, the command in one cell', () => {
  assert.deepEqual(parsePsOutput(OUTPUT, new Set([7])), {
    Titles: ['UID', 'PID', 'PPID', 'CMD'],
    Processes: [['root', '7', '1', 'sh -c sleep 5']],
  });
});

test('lines of threads go with their process', () => {
  const threads = 'PID TTY CMD\n7 ? a\n- ? -\n9 ? b\n- ? -\n';
  const { Processes } = parsePsOutput(threads, new Set([7]));
  assert.deepEqual(Processes, [
    ['7', '?', 'a'],
    ['-', '?', '-'],
  ]);
});

test('an output that cannot be read is refused as Docker refuses it', () => {
  assert.throws(() => parsePsOutput('CMD\nsh\n', new Set()), { message: "Couldn't find PID field in ps output" });
  assert.throws(() => parsePsOutput('PID CMD\nx sh\n', new Set()), /^EngineError: Unexpected pid 'x'/);
  assert.throws(() => assertPsWords('-o foo=PID'), { message: 'specifying "foo=PID" is not allowed' });
  assertPsWords('-o pid=PID,cmd');
});
