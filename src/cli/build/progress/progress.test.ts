import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StatusResponse, timestamp } from '#buildkit';
import type { Partially } from '#protobuf';
import { decode, encode } from '#protobuf';
import { excerpt, warningsText } from './failure.ts';
import { PlainProgress } from './plain.ts';
import { Steps } from './steps.ts';

const at = (ms: number) => timestamp(1_700_000_000_000 + ms);
const status = (value: Partially<typeof StatusResponse>) => decode(StatusResponse, encode(StatusResponse, value));

function shown(...messages: Partially<typeof StatusResponse>[]): string {
  let text = '';
  const steps = new Steps();
  const plain = new PlainProgress((piece) => {
    text += piece;
  });
  for (const message of messages) plain.update(steps.take(status(message)));
  return text;
}

test('steps are told with their parts, their output and their end', () => {
  const a = { digest: 'a', name: '[1/2] FROM x', started: at(0) };
  const b = { digest: 'b', name: '[2/2] RUN y', started: at(100) };
  const text = shown(
    { vertexes: [a, { digest: 'later', name: 'later' }] },
    { statuses: [{ id: 'resolve', vertex: 'a', current: 0, total: 0, started: at(0), completed: at(200) }] },
    { vertexes: [b], logs: [{ vertex: 'b', msg: Buffer.from('one\ntw'), timestamp: at(350) }] },
    { logs: [{ vertex: 'b', msg: Buffer.from('o\n'), timestamp: at(400) }], vertexes: [{ ...a, completed: at(300) }] },
    { vertexes: [{ ...b, completed: at(600), error: 'exit code: 1' }] },
  );
  assert.equal(
    text,
    `#1 [1/2] FROM x
#1 resolve 0.2s done
#1 ...

#2 [2/2] RUN y
#2 0.250 one
#2 ...

#1 [1/2] FROM x
#1 DONE 0.3s

#2 [2/2] RUN y
#2 0.300 two
#2 ERROR: exit code: 1
`,
  );
});

test('what was done before is called cached', () => {
  const text = shown({ vertexes: [{ digest: 'a', name: 'x', started: at(0), completed: at(0), cached: true }] });
  assert.equal(text, '#1 x\n#1 CACHED\n');
});

test('an excerpt marks the lines that are meant', () => {
  const text = 'FROM a\nRUN b\nRUN c\n';
  const rule = '--------------------';
  assert.equal(
    excerpt('Dockerfile', text, 2, 2),
    `Dockerfile:2\n${rule}\n   1 |     FROM a\n   2 | >>> RUN b\n   3 |     RUN c\n${rule}\n`,
  );
  assert.equal(excerpt('Dockerfile', text, 9, 9), '');
});

test('warnings are counted and listed', () => {
  const warning = { short: 'S', detail: ['d'], url: 'u', file: 'F', source: 'x\n', line: 1 };
  assert.match(warningsText([warning]), /^\n 1 warning found:\n - S \(line 1\)\nd\nMore info: u\nF:1\n/);
  assert.equal(warningsText([]), '');
});
