import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyChanges, EMPTY_CHANGES } from './changes.ts';

// Recorded from dockerd 28.5.
const TAKEN: readonly [changes: string[], config: object][] = [
  [[], {}],
  [['CMD ["a","b"]'], { Cmd: ['a', 'b'] }],
  [['CMD'], { Cmd: ['/bin/sh', '-c'] }],
  [['CMD []'], { Cmd: [] }],
  [['CMD ["a" 1]'], { Cmd: ['/bin/sh', '-c', '["a" 1]'] }],
  [["CMD ['a']"], { Cmd: ['/bin/sh', '-c', "['a']"] }],
  [['cmd a'], { Cmd: ['/bin/sh', '-c', 'a'] }],
  [['ENTRYPOINT x y'], { Entrypoint: ['/bin/sh', '-c', 'x y'] }],
  [['ENTRYPOINT []'], { Entrypoint: null }],
  [['ENV A=1 B="two words"', 'ENV C old style'], { Env: ['A=1', 'B=two words', 'C=old style'] }],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: these are a Dockerfile's variables
  [['ENV a=1 b=$a', 'ENV a=2 c=${a}x${none:-y}'], { Env: ['a=2', 'b=', 'c=1xy'] }],
  [['EXPOSE 80 90-92/udp'], { ExposedPorts: { '80/tcp': {}, '90/udp': {}, '91/udp': {}, '92/udp': {} } }],
  [['EXPOSE 127.0.0.1:80:80'], { ExposedPorts: { '80/tcp': {} } }],
  [['EXPOSE 80:81'], { ExposedPorts: { '81/tcp': {} } }],
  [['LABEL a=b', 'LABEL ""=x'], { Labels: { a: 'b', '': 'x' } }],
  [['USER u'], { User: 'u' }],
  [['USER a b'], { User: 'a b' }],
  [['USER $X'], { User: '' }],
  [['VOLUME /a /b', 'VOLUME ["/c d"]'], { Volumes: { '/a': {}, '/b': {}, '/c d': {} } }],
  [['WORKDIR /w', 'WORKDIR rel'], { WorkingDir: '/w/rel' }],
  [['HEALTHCHECK --interval=3s CMD true'], { Healthcheck: { Test: ['CMD-SHELL', 'true'], Interval: 3e9 } }],
  [['HEALTHCHECK CMD ["a","b"]'], { Healthcheck: { Test: ['CMD', 'a', 'b'] } }],
  [['HEALTHCHECK NONE'], { Healthcheck: { Test: ['NONE'] } }],
  [['STOPSIGNAL SIGRTMIN+3'], { StopSignal: 'SIGRTMIN+3' }],
  [['STOPSIGNAL 70'], { StopSignal: '70' }],
  [['ONBUILD RUN x'], { OnBuild: ['RUN x'] }],
  [['# note', 'CMD a \\', '  b'], { Cmd: ['/bin/sh', '-c', 'a   b'] }],
];

test('Dockerfile lines make a config', () => {
  for (const [changes, config] of TAKEN) {
    assert.deepEqual(applyChanges(changes), { ...EMPTY_CHANGES, ...config }, changes.join('; '));
  }
});

// Recorded from dockerd 28.5.
const REFUSED: readonly [change: string, message: string][] = [
  ['RUN x', 'RUN is not a valid change command'],
  ['FOO x', 'FOO is not a valid change command'],
  ['SHELL ["a"]', 'SHELL is not a valid change command'],
  ['ENV', 'ENV requires at least one argument'],
  ['ENV A', 'ENV must have two arguments'],
  ['ENV =x', 'ENV names can not be blank'],
  ['ENV a=b c', 'Syntax error - can\'t find = in "c". Must be of the form: name=value'],
  ['ENV A="un', 'failed to process "\\"un": unexpected end of statement while looking for matching double-quote'],
  ['EXPOSE', 'EXPOSE requires at least one argument'],
  ['EXPOSE abc', 'Invalid containerPort: abc'],
  ['EXPOSE 70000', 'Invalid containerPort: 70000'],
  ['EXPOSE 80/foo', 'Invalid proto: foo'],
  ['LABEL', 'LABEL requires at least one argument'],
  ['LABEL a', 'LABEL must have two arguments'],
  ['USER', 'USER requires exactly one argument'],
  ['VOLUME', 'VOLUME requires at least one argument'],
  ['VOLUME ""', 'VOLUME specified can not be an empty string'],
  ['WORKDIR', 'WORKDIR requires exactly one argument'],
  ['HEALTHCHECK', 'HEALTHCHECK requires at least one argument'],
  ['HEALTHCHECK FOO x', 'Unknown type "FOO" in HEALTHCHECK (try CMD)'],
  ['HEALTHCHECK --interval=x CMD a', 'time: invalid duration "x"'],
  ['HEALTHCHECK --interval=0.1ms CMD x', 'Interval "interval" cannot be less than 1ms'],
  ['HEALTHCHECK --retries=-1 CMD a', '--retries cannot be negative (-1)'],
  ['HEALTHCHECK --foo=1 CMD a', 'unknown flag: --foo'],
  ['HEALTHCHECK CMD', 'Missing command after HEALTHCHECK CMD'],
  ['HEALTHCHECK NONE x', 'HEALTHCHECK NONE takes no arguments'],
  ['STOPSIGNAL', 'STOPSIGNAL requires exactly one argument'],
  ['STOPSIGNAL FOO', 'invalid signal: FOO'],
  ['STOPSIGNAL a b', 'invalid signal: a b'],
  ['ONBUILD', 'ONBUILD requires at least one argument'],
  ['ONBUILD FROM x', "FROM isn't allowed as an ONBUILD trigger"],
  ['ONBUILD ONBUILD x', "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed"],
  ['', 'file with no instructions'],
  ['# comment', 'file with no instructions'],
];

test("lines that make none are refused in Docker's words", () => {
  for (const [change, message] of REFUSED) {
    assert.throws(() => applyChanges([change]), { message, kind: 'invalid-argument' }, change);
  }
});
