import type { TarEntry, Time } from './entry.ts';
import { BLOCK } from './header.ts';
import { encodeNumber, encodeTime, fitsOctal } from './number.ts';
import type { PaxRecord } from './pax.ts';
import { encodePax } from './pax.ts';

/** What {@link encodeEntry} needs of an entry; sparse files are written with their holes as zeros. */
export type NewEntry = Pick<TarEntry, 'type' | 'name'> & Partial<Omit<TarEntry, 'type' | 'name' | 'flag' | 'sparse'>>;

const FLAGS: Readonly<Record<string, string>> = {
  file: '0',
  hardlink: '1',
  symlink: '2',
  char: '3',
  block: '4',
  directory: '5',
  fifo: '6',
};
const EMPTY = Buffer.alloc(0);
const EPOCH: Time = { seconds: 0, nanoseconds: 0 };

/**
 * The header blocks of an entry, as ustar with a PAX header before it where ustar cannot say it (long or non-ASCII
 * names, times with nanoseconds, large numbers, xattrs). `size` bytes of content and {@link paddingOf} follow.
 */
export function encodeEntry(entry: NewEntry): Buffer {
  const flag = FLAGS[entry.type];
  if (flag === undefined) throw new TypeError(`no type flag for ${entry.type}`);
  const records = paxRecords(entry);
  const header = encodeHeader(entry, flag);
  if (records.length === 0) return header;
  const body = encodePax(records);
  const meta = encodeHeader({ type: 'file', name: paxName(entry.name), size: body.length, mode: 0o644 }, 'x');
  return Buffer.concat([meta, body, paddingOf(body.length), header]);
}

/** The zeros that follow `size` bytes of content. */
export function paddingOf(size: number): Buffer {
  return ZEROS.subarray(0, (BLOCK - (size % BLOCK)) % BLOCK);
}

/** The end of an archive: two blocks of zeros. */
export const TAR_END: Buffer = Buffer.alloc(2 * BLOCK);
const ZEROS = Buffer.alloc(BLOCK);

function encodeHeader(entry: NewEntry, flag: string): Buffer {
  const block = Buffer.alloc(BLOCK);
  const { seconds } = entry.mtime ?? EPOCH;
  put(block, 0, 100, entry.name);
  encodeNumber(block, (entry.mode ?? 0) & 0o7777, 100, 8);
  encodeNumber(block, clamp(entry.uid ?? 0, 8), 108, 8);
  encodeNumber(block, clamp(entry.gid ?? 0, 8), 116, 8);
  encodeNumber(block, clamp(entry.size ?? 0, 12), 124, 12);
  encodeNumber(block, clamp(seconds, 12), 136, 12);
  block.write(flag, 156, 'latin1');
  put(block, 157, 100, entry.linkName ?? EMPTY);
  block.write('ustar\x0000', 257, 'latin1');
  put(block, 265, 32, entry.uname ?? EMPTY);
  put(block, 297, 32, entry.gname ?? EMPTY);
  encodeNumber(block, clamp(entry.devMajor ?? 0, 8), 329, 8);
  encodeNumber(block, clamp(entry.devMinor ?? 0, 8), 337, 8);
  block.fill(0x20, 148, 156);
  let sum = 0;
  for (const byte of block) sum += byte;
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

/** A number that does not fit stands as 0 here and in full in the PAX header. */
function clamp(value: number, length: number): number {
  return fitsOctal(value, length) ? value : 0;
}

function paxRecords(entry: NewEntry): PaxRecord[] {
  const records: PaxRecord[] = [];
  const add = (key: string, value: Buffer | string) =>
    records.push({ key: Buffer.from(key, 'latin1'), value: typeof value === 'string' ? Buffer.from(value) : value });
  if (!plain(entry.name, 100)) add('path', entry.name);
  if (!plain(entry.linkName ?? EMPTY, 100)) add('linkpath', entry.linkName!);
  if (!plain(entry.uname ?? EMPTY, 32)) add('uname', entry.uname!);
  if (!plain(entry.gname ?? EMPTY, 32)) add('gname', entry.gname!);
  if (!fitsOctal(entry.uid ?? 0, 8)) add('uid', String(entry.uid));
  if (!fitsOctal(entry.gid ?? 0, 8)) add('gid', String(entry.gid));
  if (!fitsOctal(entry.size ?? 0, 12)) add('size', String(entry.size));
  addTimes(entry, add);
  for (const { name, value } of entry.xattrs ?? []) add(`SCHILY.xattr.${name.toString('latin1')}`, value);
  return records;
}

function addTimes(entry: NewEntry, add: (key: string, value: string) => void): void {
  const mtime = entry.mtime ?? EPOCH;
  if (mtime.nanoseconds !== 0 || !fitsOctal(mtime.seconds, 12)) add('mtime', encodeTime(mtime));
  if (entry.atime) add('atime', encodeTime(entry.atime));
  if (entry.ctime) add('ctime', encodeTime(entry.ctime));
}

function plain(name: Buffer, length: number): boolean {
  if (name.length > length) return false;
  for (const byte of name) if (byte >= 0x80) return false;
  return true;
}

function put(block: Buffer, at: number, length: number, value: Buffer): void {
  value.copy(block, at, 0, Math.min(length, value.length));
}

/** A short, harmless name for the PAX header itself, for readers that do not know PAX. */
function paxName(name: Buffer): Buffer {
  const base = name.subarray(name.lastIndexOf(0x2f, Math.max(0, name.length - 2)) + 1);
  return Buffer.concat([Buffer.from('PaxHeaders.0/'), base.subarray(0, 80)]);
}
