import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { invalid } from '#errdefs';
import type { Foreign } from './unpack-program.ts';
import { unpackByProgram } from './unpack-program.ts';

/** How a stream is packed; the suffix of OCI's layer media types. */
export type Compression = 'gzip' | 'zstd' | 'none';

const MAGIC: readonly (readonly [Buffer, Compression | Foreign])[] = [
  [Buffer.from([0x1f, 0x8b]), 'gzip'],
  [Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), 'zstd'],
  [Buffer.from('BZh'), 'bzip2'],
  [Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]), 'xz'],
];
export const MAGIC_BYTES = 6;
/** Unpacked bytes beyond `free` are an error when they are also more than `ratio` times the packed ones. */
export interface BombLimits {
  readonly free: number;
  readonly ratio: number;
}

const BOMB: BombLimits = { free: 2 ** 30, ratio: 100 };

/** What the first bytes of a layer say; bzip2 and xz, which OCI does not know, are refused by name. */
export function compressionOf(head: Buffer): Compression {
  const kind = formatOf(head);
  if (kind === 'bzip2' || kind === 'xz') {
    throw invalid(`${kind} archives are not supported: repack as gzip, zstd or plain tar`);
  }
  return kind;
}

function formatOf(head: Buffer): Compression | Foreign {
  return MAGIC.find(([magic]) => head.subarray(0, magic.length).equals(magic))?.[1] ?? 'none';
}

/** A stream as it is, unless it is packed by bzip2 or xz: then unpacked. */
export async function* unpackForeign(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const { head, rest } = await peek(source);
  const kind = formatOf(head);
  yield* kind === 'bzip2' || kind === 'xz' ? decompress(rest) : rest;
}

/** A stream unpacked as its first bytes say; one that grows like a bomb is an error. */
export async function* decompress(
  source: AsyncIterable<Buffer>,
  { free, ratio }: BombLimits = BOMB,
): AsyncGenerator<Buffer> {
  const { head, rest } = await peek(source);
  const kind = formatOf(head);
  if (kind === 'none') return yield* rest;
  const count = { packed: 0, unpacked: 0 };
  if (kind === 'xz' || kind === 'bzip2') {
    yield* bounded(unpackByProgram(kind, counted(rest, count)), count, { free, ratio });
    return;
  }
  const unpack = kind === 'gzip' ? createGunzip({ chunkSize: CHUNK }) : createZstdDecompress({ chunkSize: CHUNK });
  const done = pipeline(Readable.from(counted(rest, count), { objectMode: false }), unpack);
  // The failure reaches the reader through the stream itself.
  done.catch(() => {});
  try {
    yield* bounded(unpack, count, { free, ratio });
  } catch (error) {
    throw isZlib(error) ? invalid(error.code === 'Z_BUF_ERROR' ? 'unexpected EOF' : error.message, error) : error;
  } finally {
    unpack.destroy();
  }
}

const CHUNK = 128 * 1024;

async function* bounded(
  unpacked: AsyncIterable<Buffer>,
  count: { packed: number; unpacked: number },
  { free, ratio }: BombLimits,
): AsyncGenerator<Buffer> {
  for await (const chunk of unpacked) {
    count.unpacked += chunk.length;
    if (count.unpacked > Math.max(free, ratio * count.packed)) {
      throw invalid(`the archive expands to more than ${ratio} times its size`);
    }
    yield chunk;
  }
}

async function* counted(source: AsyncIterable<Buffer>, count: { packed: number }): AsyncGenerator<Buffer> {
  for await (const chunk of source) {
    count.packed += chunk.length;
    yield chunk;
  }
}

/** The first bytes of a stream, and the whole stream. */
async function peek(source: AsyncIterable<Buffer>): Promise<{ head: Buffer; rest: AsyncGenerator<Buffer> }> {
  const iterator = source[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  while (head.length < MAGIC_BYTES) {
    const next = await iterator.next();
    if (next.done) break;
    head = Buffer.concat([head, next.value]);
  }
  return { head, rest: chain(head, iterator) };
}

async function* chain(head: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  try {
    if (head.length > 0) yield head;
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}

function isZlib(error: unknown): error is Error & { code: string } {
  return error instanceof Error && 'code' in error && /^(Z_|ZSTD_)/.test(String(error.code));
}
