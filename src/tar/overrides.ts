import type { Segment, Time, Xattr } from './entry.ts';
import type { Header } from './header.ts';
import { decodeTime, malformed } from './number.ts';
import type { PaxRecord } from './pax.ts';
import { decimal, segmentsOf } from './sparse.ts';

const XATTR_PREFIX = 'SCHILY.xattr.';

/** What the PAX and GNU headers before an entry say of it; a field that they leave open is the header's own. */
export interface Overrides {
  name?: Buffer;
  linkName?: Buffer;
  uname?: Buffer;
  gname?: Buffer;
  uid?: number;
  gid?: number;
  size?: number;
  mtime?: Time;
  atime?: Time;
  ctime?: Time;
  xattrs: Xattr[];
  /** GNU.sparse: `inline` when the map stands at the start of the data (format 1.0). */
  sparse?: { name?: Buffer; size?: number; map?: Segment[]; inline: boolean };
}

/** Collects the records of a PAX header; an empty value takes the header's own, as POSIX says. Throws on a bad number. */
export function applyPax(records: readonly PaxRecord[], to: Overrides): void {
  const values = new Map<string, Buffer>();
  const pairs: string[] = [];
  for (const { key, value } of records) {
    const name = key.toString('latin1');
    if (name === 'GNU.sparse.offset' || name === 'GNU.sparse.numbytes') pairs.push(value.toString('latin1'));
    else values.set(name, value);
  }
  for (const [key, value] of values) applyRecord(key, value, to);
  applySparse(values, pairs, to);
}

function applyRecord(key: string, value: Buffer, to: Overrides): void {
  if (key.startsWith(XATTR_PREFIX)) {
    to.xattrs.push({ name: Buffer.from(key.slice(XATTR_PREFIX.length), 'latin1'), value });
    return;
  }
  if (value.length === 0) return;
  if (key === 'path') to.name = bytes(value);
  else if (key === 'linkpath') to.linkName = bytes(value);
  else if (key === 'uname') to.uname = value;
  else if (key === 'gname') to.gname = value;
  else if (key === 'size') to.size = decimal(value.toString('latin1'));
  else if (key === 'uid' || key === 'gid') to[key] = decimal(value.toString('latin1'));
  else if (key === 'mtime' || key === 'atime' || key === 'ctime') to[key] = decodeTime(value.toString('latin1'));
}

function bytes(value: Buffer): Buffer {
  if (value.includes(0)) throw malformed('a name contains a NUL byte');
  return value;
}

function applySparse(values: Map<string, Buffer>, pairs: string[], to: Overrides): void {
  const text = (key: string) => values.get(`GNU.sparse.${key}`)?.toString('latin1');
  const major = text('major');
  const inline = major === '1' && text('minor') === '0';
  const map = text('map');
  const known = inline || map !== undefined || pairs.length > 0 || text('size') !== undefined;
  if (major !== undefined && !inline && major !== '0') throw malformed('unknown sparse format');
  if (!known) return;
  const size = text('realsize') ?? text('size');
  to.sparse = {
    inline,
    ...(values.has('GNU.sparse.name') && { name: bytes(values.get('GNU.sparse.name')!) }),
    ...(size !== undefined && { size: decimal(size) }),
    ...(!inline && { map: segmentsOf(map ? map.split(',') : pairs) }),
  };
}

/** The name, owner and so on of an entry: the overrides where they speak, else the header. */
export function complete(header: Header, over: Overrides) {
  return {
    name: over.sparse?.name ?? over.name ?? header.name,
    linkName: over.linkName ?? header.linkName,
    mode: header.mode,
    uid: over.uid ?? header.uid,
    gid: over.gid ?? header.gid,
    uname: over.uname ?? header.uname,
    gname: over.gname ?? header.gname,
    mtime: over.mtime ?? header.mtime,
    ...(over.atime && { atime: over.atime }),
    ...(over.ctime && { ctime: over.ctime }),
    devMajor: header.devMajor,
    devMinor: header.devMinor,
    xattrs: over.xattrs,
  };
}
