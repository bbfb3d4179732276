import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { compressRotated } from './compress.ts';
import type { Place, ReadOptions } from './read.ts';
import { readLog } from './read.ts';
import { startBehind } from './resume.ts';
import { closeSegments, openSegments } from './segments.ts';

function folder() {
  const root = mkdtempSync(join(tmpdir(), 'gantry-logs-'));
  return { path: join(root, 'x-json.log'), [Symbol.dispose]: () => rmSync(root, { recursive: true }) };
}

const line = (n: number, stream = 'stdout') =>
  `${JSON.stringify({ log: `${n}\n`, stream, time: `2026-01-01T00:00:00.${String(n).padStart(9, '0')}Z` })}\n`;
const lines = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => line(from + n)).join('');

async function read(path: string, more: Partial<ReadOptions> = {}): Promise<number[]> {
  const { signal } = new AbortController();
  const texts: number[] = [];
  for await (const batch of readLog(path, { tail: undefined, follow: undefined, signal, ...more })) {
    texts.push(...batch.map(({ text }) => Number(text)));
  }
  return texts;
}

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => from + n);

test('all files are read, oldest first; what is torn or not there yet is left out', async () => {
  using log = folder();
  writeFileSync(`${log.path}.2`, lines(1, 3));
  writeFileSync(`${log.path}.1`, lines(4, 6));
  writeFileSync(log.path, `${lines(7, 8)}{"log":"torn\n${lines(9, 9)}{"log":"half`);
  assert.deepEqual(await read(log.path), range(1, 9));
  assert.deepEqual(await read(join(log.path, '..', 'none')), []);
});

test('the tail counts over all files', async () => {
  using log = folder();
  writeFileSync(`${log.path}.1`, lines(1, 10));
  writeFileSync(log.path, lines(11, 15));
  for (const [tail, first] of [
    [0, 16],
    [1, 15],
    [5, 11],
    [6, 10],
    [15, 1],
    [99, 1],
  ] as const) {
    assert.deepEqual(await read(log.path, { tail }), range(first, 15), `tail ${tail}`);
  }
});

test('long files and long lines are read whole', async () => {
  using log = folder();
  const long = JSON.stringify({ log: 'x'.repeat(700_000), stream: 'stderr', time: '2026-01-01T00:00:00Z' });
  writeFileSync(log.path, `${lines(1, 9000)}${long}\n${lines(9001, 9002)}`);
  const texts = await read(log.path);
  assert.equal(texts.length, 9003);
  assert.ok(Number.isNaN(texts[9000]));
  assert.deepEqual(await read(log.path, { tail: 2 }), [9001, 9002]);
});

test('following goes on through a rotation, and ends when the writer has ended and all is read', async () => {
  using log = folder();
  writeFileSync(log.path, lines(1, 2));
  const end = Promise.withResolvers<void>();
  const reading = read(log.path, { follow: end.promise });
  await setTimeout(20);
  appendFileSync(log.path, lines(3, 4));
  await setTimeout(20);
  appendFileSync(log.path, lines(5, 5));
  renameSync(log.path, `${log.path}.1`);
  writeFileSync(log.path, lines(6, 7));
  await setTimeout(20);
  appendFileSync(log.path, lines(8, 8));
  end.resolve();
  assert.deepEqual(await reading, range(1, 8));
});

test('an aborted follower stops', async () => {
  using log = folder();
  writeFileSync(log.path, lines(1, 1));
  const gone = new AbortController();
  const options = { tail: undefined, follow: new Promise(() => undefined), signal: gone.signal };
  const batches: number[] = [];
  for await (const batch of readLog(log.path, options)) {
    batches.push(batch.length);
    gone.abort();
  }
  assert.deepEqual(batches, [1]);
});

test('compressed files are read like others; a place is found again, or all is read that came after it', async () => {
  using log = folder();
  writeFileSync(`${log.path}.2`, lines(1, 300));
  writeFileSync(`${log.path}.1`, lines(301, 600));
  writeFileSync(log.path, lines(601, 700));
  await compressRotated(log.path, 3);
  assert.deepEqual(readdirSync(join(log.path, '..')).sort(), ['x-json.log', 'x-json.log.1.gz', 'x-json.log.2.gz']);
  assert.deepEqual(await read(log.path), range(1, 700));
  assert.deepEqual(await read(log.path, { tail: 250 }), range(451, 700));
  const { ino: inode } = statSync(log.path, { bigint: true });
  const offset = Buffer.byteLength(lines(601, 650));
  const behind = async (place: Place) => {
    const segments = await openSegments(log.path);
    const start = await startBehind(segments, place);
    await closeSegments(segments);
    return start;
  };
  const time = 1_767_225_600_000_000_000n + 650n;
  assert.deepEqual(await behind({ inode, offset, time }), { index: 2, offset });
  for (const place of [{ time: time - 1n }, { offset: offset - 1 }, { offset: offset * 9 }, { inode: inode + 1n }]) {
    assert.deepEqual(await behind({ inode, offset, time, ...place }), { index: 0, offset: 0 });
  }
});
