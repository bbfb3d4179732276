import type { Hash } from 'node:crypto';
import { createHash, hash } from 'node:crypto';
import { closeSync, openSync, writeSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import type { Dress } from './dress.ts';
import { CREATE, dress } from './dress.ts';
import type { Content } from './held.ts';

/** Bytes of files, one behind the other, and how many are whose. The buffer comes back with the answer. */
export interface Batch {
  readonly bytes: ArrayBuffer;
  readonly pieces: readonly Piece[];
}

export interface Piece {
  readonly file: number;
  readonly length: number;
  /** With the first piece of a file: where it is made. */
  readonly begins?: { readonly at: Uint8Array; readonly dress: Dress };
  /** With the last one. */
  readonly ends?: boolean;
}

export interface Answer {
  readonly bytes: ArrayBuffer;
  readonly done: readonly (readonly [file: number, content: Content])[];
  /** What the file system said; then nothing more is done. */
  readonly fault?: { readonly message: string; readonly code?: string; readonly syscall?: string };
}

interface Open {
  readonly fd: number;
  readonly dress: Dress;
  hash: Hash | undefined;
  size: number;
}

const open = new Map<number, Open>();

/** The file worker: makes files of what comes, and tells their digests. Only one transfer has it. */
parentPort!.on('message', ({ bytes, pieces }: Batch) => {
  const done: [number, Content][] = [];
  let at = 0;
  try {
    for (const piece of pieces) {
      const content = write(piece, new Uint8Array(bytes, at, piece.length));
      if (content) done.push([piece.file, content]);
      at += piece.length;
    }
    parentPort!.postMessage({ bytes, done } satisfies Answer, [bytes]);
  } catch (error) {
    const { message, code, syscall } = error as NodeJS.ErrnoException;
    const fault = { message, ...(code && { code }), ...(syscall && { syscall }) };
    parentPort!.postMessage({ bytes, done, fault } satisfies Answer, [bytes]);
  }
});

/** Writes a piece; what is in the file when that was the last one. */
function write({ file, begins, ends }: Piece, bytes: Uint8Array): Content | undefined {
  if (begins) {
    const fd = openSync(Buffer.from(begins.at.buffer, begins.at.byteOffset, begins.at.byteLength), CREATE, 0o600);
    open.set(file, { fd, dress: begins.dress, hash: undefined, size: 0 });
  }
  const state = open.get(file)!;
  for (let at = 0; at < bytes.length; ) at += writeSync(state.fd, bytes, at);
  state.size += bytes.length;
  const isWhole = begins && ends;
  if (!isWhole) (state.hash ??= createHash('sha256')).update(bytes);
  if (!ends) return undefined;
  open.delete(file);
  try {
    dress(state.fd, state.dress);
  } finally {
    closeSync(state.fd);
  }
  return { digest: isWhole ? hash('sha256', bytes) : state.hash!.digest('hex'), size: state.size };
}
