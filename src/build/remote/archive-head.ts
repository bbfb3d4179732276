import { closeSync, openSync, readSync } from 'node:fs';

const GZIP = Buffer.from([0x1f, 0x8b, 0x08]);
const ZSTD = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);
/** bzip2 and xz, which Node does not unpack. */
const FOREIGN = [Buffer.from('BZh'), Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00])];
/** How much of a file it takes to tell. */
export const TAR_HEAD = 512;
/** Where the head of a tar's entry has its sum, and how long it is. */
const [SUM_AT, SUM_LENGTH] = [148, 8];

/** Whether a file begins as an archive does, packed or not; what else comes as a context is a Dockerfile. */
export function isArchiveFile(path: string): boolean {
  const head = Buffer.alloc(TAR_HEAD);
  const fd = openSync(path, 'r');
  try {
    return isArchiveHead(head.subarray(0, readSync(fd, head)));
  } finally {
    closeSync(fd);
  }
}

export function isArchiveHead(head: Buffer): boolean {
  return beginsWith(head, [GZIP, ZSTD]) || isForeignHead(head) || isTarHead(head);
}

export const isForeignHead = (head: Buffer): boolean => beginsWith(head, FOREIGN);

const beginsWith = (head: Buffer, magics: readonly Buffer[]): boolean =>
  magics.some((magic) => head.subarray(0, magic.length).equals(magic));

/** Whether this is the head of a tar's first entry. */
export function isTarHead(head: Buffer): boolean {
  if (head.length < TAR_HEAD) return false;
  const told = Number.parseInt(head.toString('latin1', SUM_AT, SUM_AT + SUM_LENGTH).replace(/[\0 ]+/g, ''), 8);
  // The sum's own place counts as spaces.
  let sum = SUM_LENGTH * 0x20;
  for (const [at, byte] of head.entries()) if (at < SUM_AT || at >= SUM_AT + SUM_LENGTH) sum += byte;
  return told === sum;
}
