import { createReadStream, fstatSync, readSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { invalid } from '#errdefs';
import type { UnpackLimits } from './task.ts';

const CHUNK = 512 * 1024;
const GZIP = Buffer.from([0x1f, 0x8b]);
const ZSTD = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);

/**
 * The bytes of a descriptor, unpacked as their beginning says (gzip, zstd, else as they are). One that grows beyond
 * `freeBytes` and `ratio` times its packed size is an error.
 */
export async function* decompress(
  fd: number,
  limits: Pick<UnpackLimits, 'freeBytes' | 'ratio'>,
): AsyncGenerator<Buffer> {
  const isFile = fstatSync(fd).isFile();
  if (isFile && !isPacked(headOf(fd))) return yield* readFile(fd);
  const packed = createReadStream('', { fd, autoClose: false, highWaterMark: CHUNK });
  const head = await peek(packed);
  if (!isPacked(head)) return yield* packed;
  const unpack = isZstd(head) ? createZstdDecompress({ chunkSize: CHUNK }) : createGunzip({ chunkSize: CHUNK });
  // Its failure reaches the loop below through the stream.
  pipeline(packed, unpack).catch(() => {});
  let unpacked = 0;
  try {
    for await (const chunk of unpack) {
      unpacked += chunk.length;
      if (unpacked > Math.max(limits.freeBytes, limits.ratio * packed.bytesRead)) {
        throw invalid(`the layer expands to more than ${limits.ratio} times its size`);
      }
      yield chunk;
    }
  } catch (error) {
    throw asInvalid(error);
  }
}

const isZstd = (head: Buffer): boolean => head.subarray(0, 4).equals(ZSTD);
const isPacked = (head: Buffer): boolean => isZstd(head) || head.subarray(0, 2).equals(GZIP);

/** The first bytes of a file, its position left where it is. */
function headOf(fd: number): Buffer {
  const head = Buffer.alloc(4);
  return head.subarray(0, readSync(fd, head, 0, 4, 0));
}

/** A file to its end. What is at hand costs less to be read in turn than to be read ahead by another thread. */
function* readFile(fd: number): Generator<Buffer> {
  for (;;) {
    const chunk = Buffer.allocUnsafeSlow(CHUNK);
    const length = readSync(fd, chunk, 0, CHUNK, null);
    if (length === 0) return;
    yield chunk.subarray(0, length);
  }
}

/** The first chunk of a stream, put back for its reader; empty at its end. */
async function peek(stream: Readable): Promise<Buffer> {
  for (;;) {
    const head: Buffer | null = stream.read();
    if (head) {
      stream.unshift(head);
      return head;
    }
    if (stream.readableEnded) return Buffer.alloc(0);
    await new Promise<void>((resolve, reject) => {
      const settle = (error?: Error) => {
        for (const name of ['readable', 'end', 'error']) stream.off(name, settle);
        error instanceof Error ? reject(error) : resolve();
      };
      for (const name of ['readable', 'end', 'error']) stream.once(name, settle);
    });
  }
}

function asInvalid(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'Z_BUF_ERROR') return invalid('unexpected EOF', error);
  return code.startsWith('Z_') || code.startsWith('ZSTD_') ? invalid((error as Error).message, error) : error;
}
