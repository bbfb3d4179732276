/**
 * Protocol Buffers (proto3) by tables: a message is data, from which its TypeScript type, its decoder and its encoder are read.
 * What arrives may be hostile: depth and the number of values are bounded, and a fault is an error that says which.
 */

export { decode } from './decode.ts';
export { encode } from './encode.ts';
export type { Field, Message, MessageType, Partially } from './message.ts';
export {
  bigint,
  bool,
  bytes,
  bytesMap,
  int32,
  int64,
  many,
  manyBytes,
  mapOf,
  message,
  of,
  string,
  stringMap,
  strings,
  uint32,
} from './message.ts';
