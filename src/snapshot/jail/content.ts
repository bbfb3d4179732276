import { ftruncateSync, writeSync } from 'node:fs';
import { invalid } from '#errdefs';
import type { TarReader } from '#tar';

/** Stretches of zeros of this size, aligned to it, become holes. */
const HOLE = 65_536;
const ZEROS = Buffer.alloc(HOLE);

/** Writes the content of entries: sparse files stay sparse, and long runs of zeros take no space. */
export class ContentWriter {
  /** Writes what the reader has of the current entry into an empty file that will be `size` bytes long. */
  async write(fd: number, size: number, reader: TarReader): Promise<void> {
    let end = 0;
    for (let piece = await reader.read(); piece; piece = await reader.read()) {
      writeAround(fd, piece, reader.offset);
      end = reader.offset + piece.length;
      if (end > size) throw invalid('an entry is longer than it says');
    }
    // Holes at the end, and a file that ends in zeros that were not written.
    if (size > 0 && (end < size || size >= HOLE)) ftruncateSync(fd, size);
  }
}

/** Writes a piece of a file at its place, but for the aligned stretches of zeros in it. */
export function writeAround(fd: number, piece: Buffer, offset: number): void {
  let from = 0;
  let at = 0;
  while (at < piece.length) {
    const step = Math.min(HOLE - ((offset + at) % HOLE), piece.length - at);
    if (step === HOLE && isZeros(piece, at)) {
      writeAll(fd, piece.subarray(from, at), offset + from);
      from = at + step;
    }
    at += step;
  }
  writeAll(fd, piece.subarray(from), offset + from);
}

function isZeros(piece: Buffer, at: number): boolean {
  return piece[at] === 0 && piece.compare(ZEROS, 0, HOLE, at, at + HOLE) === 0;
}

/** A write may be short; a full disk is an error. */
function writeAll(fd: number, piece: Buffer, offset: number): void {
  for (let done = 0; done < piece.length; ) done += writeSync(fd, piece, done, piece.length - done, offset + done);
}
