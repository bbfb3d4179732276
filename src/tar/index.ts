/**
 * Tar archives as values and streams. Names, link names and attributes are bytes, times have nanoseconds, and nothing
 * in an archive makes the reader hold more memory than its limits. Knows no file system: names must be cleaned and
 * confined by whoever uses them.
 */

export type { EntryType, Segment, TarEntry, TarLimits, Time, Xattr } from './entry.ts';
export { DEFAULT_LIMITS } from './entry.ts';
export type { Header } from './header.ts';
export { decodeHeader } from './header.ts';
export { cleanPath, joinPath, splitPath } from './path.ts';
export type { PaxRecord } from './pax.ts';
export { decodePax, encodePax } from './pax.ts';
export { TarReader } from './reader.ts';
export type { Whiteout } from './whiteout.ts';
export { isAufsPath, OPAQUE_NAME, whiteoutName, whiteoutOf } from './whiteout.ts';
export type { NewEntry } from './writer.ts';
export { encodeEntry, paddingOf, TAR_END } from './writer.ts';
