import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSingleName } from './conflict.ts';
import { listFilter, untilTime } from './filter.ts';
import { matchesGlob } from './glob.ts';
import { humanSize, layerProgress, ProgressQueue } from './progress.ts';
import type { ImageRecord } from './record.ts';
import { parseTime, unixSeconds } from './record.ts';

test("patterns are those of Go's path.Match", () => {
  const cases: [pattern: string, name: string, matches: boolean][] = [
    ['busybox', 'busybox', true],
    ['busy*', 'busybox', true],
    ['*/x', 'localhost/x', true],
    ['*', 'a/b', false],
    ['a?c', 'abc', true],
    ['a?c', 'a/c', false],
    ['*:2', 'foo:1', false],
    ['localhost:5000/*/multi', 'localhost:5000/team/multi', true],
    ['**/multi', 'localhost:5000/team/multi', false],
    ['[a-c]x', 'bx', true],
    ['[^a-c]x', 'bx', false],
    ['[\\]]', ']', true],
    ['\\*', '*', true],
    ['a*b*c', 'aXbXbXc', true],
    ['a*', 'a', true],
    ['', '', true],
  ];
  for (const [pattern, name, matches] of cases) assert.equal(matchesGlob(pattern, name), matches, `${pattern} ${name}`);
  for (const pattern of ['[', '[]', '[a', '[a-', '[-a]', '\\']) {
    assert.throws(() => matchesGlob(pattern, 'a'), { message: 'syntax error in pattern' }, pattern);
  }
});

test('a pattern made to be slow is not', () => {
  const begin = performance.now();
  assert.equal(matchesGlob('*a'.repeat(400), 'a'.repeat(399)), false);
  assert.ok(performance.now() - begin < 1000);
});

const image = (listed: bigint | undefined, Labels: Record<string, string> | null = null) =>
  ({ listed, config: { config: { Labels } } }) as unknown as ImageRecord;

test('before, since, until and labels; images without a date are in no span', () => {
  const find = (name: string) => image(BigInt(name));
  const accepts = (filters: Record<string, string[]>, created: bigint | undefined) =>
    listFilter(filters, find, 10_000_000_000n).accepts(image(created, { a: 'b' }));
  assert.equal(accepts({ before: ['5'] }, 4n), true);
  assert.equal(accepts({ before: ['5'] }, 5n), false);
  assert.equal(accepts({ before: ['5', '3'] }, 4n), false);
  assert.equal(accepts({ since: ['5'] }, 6n), true);
  assert.equal(accepts({ since: ['5'] }, undefined), false);
  assert.equal(accepts({ until: ['5s'] }, 4_999_999_999n), true);
  assert.equal(accepts({ label: ['a=b'] }, undefined), true);
  assert.equal(accepts({ label: ['a=c'] }, undefined), false);
  assert.throws(() => accepts({ foo: ['x'] }, 1n), { message: "invalid filter 'foo'" });
  assert.throws(() => accepts({ 'label!': ['x'] }, 1n), { message: "invalid filter 'label!'" });
  assert.throws(() => accepts({ dangling: ['x'] }, 1n), { message: "invalid filter 'dangling=[x]'" });
});

test('times of filters: durations, dates, seconds', () => {
  assert.equal(untilTime('1h30m', 5_400_000_000_001n), 1n);
  assert.equal(untilTime('1.5s', 2_000_000_000n), 500_000_000n);
  assert.equal(untilTime('-2ms', 1n), 2_000_001n);
  assert.equal(untilTime('10m', 600_000_000_000n), 0n);
  assert.equal(untilTime('1700000000', 0n), 1_700_000_000_000_000_000n);
  assert.equal(untilTime('2023-11-14T22:13:20Z', 0n), 1_700_000_000_000_000_000n);
  assert.equal(untilTime('1970-01-02', 0n), 86_400_000_000_000n);
  assert.throws(() => untilTime('x', 0n), {
    message: 'failed to parse value as time or duration: "x"',
    kind: 'internal',
  });
});

test('times of configs keep their nanoseconds', () => {
  assert.equal(parseTime('2026-11-21T08:01:45.344834688Z') % 1_000_000_000n, 344834688n);
  assert.equal(parseTime('1970-01-01T01:00:00.5+01:00'), 500_000_000n);
  assert.equal(unixSeconds(parseTime('0001-01-01T00:00:00Z')), -62135596800);
  assert.equal(unixSeconds(undefined), 0);
});

test("sizes and bars are drawn as dockerd's", () => {
  assert.deepEqual([0, 999, 3584, 2560, 524288, 2129920, 1_000_000].map(humanSize), [
    '0B',
    '999B',
    '3.584kB',
    '2.56kB',
    '524.3kB',
    '2.13MB',
    '1MB',
  ]);
  assert.equal(
    layerProgress('Loading layer', 'fa08d067d733', 3584, 3584).progress,
    '[==================================================>]  3.584kB/3.584kB',
  );
});

test('a slow reader gets the last line about an id, then the failure', async () => {
  const queue = new ProgressQueue();
  const work = (async () => {
    for (let i = 0; i < 1000; i++) queue.push({ id: `l${i % 2}`, progressDetail: { current: i } });
    throw new Error('broken');
  })();
  const seen: (number | undefined)[] = [];
  const reading = (async () => {
    for await (const line of queue.during(work)) seen.push(line.progressDetail?.current);
  })();
  await assert.rejects(reading, /broken/);
  assert.deepEqual(seen, [998, 999]);
});

test('names that are one name to a user', () => {
  const digest = `@sha256:${'0'.repeat(64)}`;
  assert.equal(isSingleName([]), true);
  assert.equal(isSingleName(['docker.io/library/a:1']), true);
  assert.equal(isSingleName(['docker.io/library/a:1', 'docker.io/library/a:2']), false);
  assert.equal(isSingleName(['docker.io/library/a:1', `docker.io/library/a${digest}`]), true);
  assert.equal(isSingleName(['docker.io/library/a:1', `docker.io/library/b${digest}`]), false);
});
