import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { isArchiveHead } from './archive-head.ts';

function header(sum: number): Buffer {
  const head = Buffer.alloc(512);
  head.write('file');
  head.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return head;
}

const SUM = [...Buffer.from('file')].reduce((a, b) => a + b, 8 * 0x20);

test('an archive is known by its first header or by how it is packed', () => {
  assert.equal(isArchiveHead(header(SUM)), true);
  assert.equal(isArchiveHead(gzipSync('x')), true);
});

test('a Dockerfile is none, nor is a header with another sum or a piece of one', () => {
  assert.equal(isArchiveHead(Buffer.from(`FROM scratch\n${'# x\n'.repeat(200)}`)), false);
  assert.equal(isArchiveHead(header(SUM + 1)), false);
  assert.equal(isArchiveHead(header(SUM).subarray(0, 511)), false);
  assert.equal(isArchiveHead(Buffer.alloc(512)), false);
  assert.equal(isArchiveHead(Buffer.alloc(0)), false);
});
