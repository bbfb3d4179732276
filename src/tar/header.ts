import type { EntryType, Time } from './entry.ts';
import { decodeNumber, malformed } from './number.ts';

export const BLOCK = 512;

/** One 512-byte header block, decoded but not yet completed by the PAX or GNU headers before it. */
export interface Header {
  readonly flag: string;
  readonly format: 'v7' | 'ustar' | 'gnu' | 'star';
  readonly name: Buffer;
  readonly linkName: Buffer;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtime: Time;
  readonly uname: Buffer;
  readonly gname: Buffer;
  readonly devMajor: number;
  readonly devMinor: number;
}

const TYPES: Readonly<Record<string, EntryType>> = {
  '\0': 'file',
  '0': 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '3': 'char',
  '4': 'block',
  '5': 'directory',
  '6': 'fifo',
  '7': 'file',
  S: 'file',
};

/** The type of an entry; an old-style file whose name ends in a slash is a directory. */
export function entryType(flag: string, name: Buffer): EntryType {
  const type = TYPES[flag] ?? 'other';
  const old = flag === '0' || flag === '\0';
  return old && name[name.length - 1] === 0x2f ? 'directory' : type;
}

/** Whether a block is all zeros, as at the end of an archive. */
export function isZero(block: Buffer): boolean {
  if (block[0] !== 0 || block[257] !== 0) return false;
  for (let i = 0; i < BLOCK; i++) if (block[i] !== 0) return false;
  return true;
}

/** Decodes one header block; throws when its checksum or a number is wrong. */
export function decodeHeader(block: Buffer): Header {
  checkSum(block);
  const format = formatOf(block);
  const v7 = format === 'v7';
  const name = text(block, 0, 100);
  return {
    flag: String.fromCharCode(block[156]!),
    format,
    name: format === 'ustar' ? prefixed(block, 155, name) : format === 'star' ? prefixed(block, 131, name) : name,
    linkName: text(block, 157, 100),
    mode: decodeNumber(block, 100, 8) & 0o7777,
    uid: decodeNumber(block, 108, 8),
    gid: decodeNumber(block, 116, 8),
    size: decodeNumber(block, 124, 12),
    mtime: { seconds: decodeNumber(block, 136, 12), nanoseconds: 0 },
    uname: v7 ? EMPTY : text(block, 265, 32),
    gname: v7 ? EMPTY : text(block, 297, 32),
    devMajor: v7 ? 0 : decodeNumber(block, 329, 8),
    devMinor: v7 ? 0 : decodeNumber(block, 337, 8),
  };
}

const EMPTY = Buffer.alloc(0);
const USTAR = 'ustar\0';
const GNU = 'ustar  \0';

function formatOf(block: Buffer): Header['format'] {
  if (block[257] !== 0x75) return 'v7';
  const magic = block.toString('latin1', 257, 265);
  if (magic === GNU) return 'gnu';
  if (!magic.startsWith(USTAR)) return 'v7';
  return block.toString('latin1', 508, 512) === 'tar\0' ? 'star' : 'ustar';
}

function prefixed(block: Buffer, length: number, name: Buffer): Buffer {
  if (block[345] === 0) return name;
  return Buffer.concat([text(block, 345, length), Buffer.from('/'), name]);
}

/** A field up to its NUL, copied, as the block's buffer is large and short-lived. */
function text(block: Buffer, at: number, length: number): Buffer {
  if (block[at] === 0) return EMPTY;
  const field = block.subarray(at, at + length);
  const end = field.indexOf(0);
  return Buffer.from(end < 0 ? field : field.subarray(0, end));
}

function checkSum(block: Buffer): void {
  let unsigned = 0;
  let signed = 0;
  for (let i = 0; i < BLOCK; i++) {
    const byte = i >= 148 && i < 156 ? 0x20 : block[i]!;
    unsigned += byte;
    signed += byte < 128 ? byte : byte - 256;
  }
  const stated = decodeNumber(block, 148, 8);
  // Old Sun writers summed signed bytes.
  if (stated !== unsigned && stated !== signed) throw malformed('wrong checksum');
}
