/**
 * BuildKit's protocols as data: the messages and procedures of its control API, of the gateway, of the session and of file
 * synchronisation, by the names and numbers that BuildKit's clients use. Only what is used here is listed.
 */

export { Content, STORE_HEADER, Traces, WRITE } from './content.ts';
export * from './control.ts';
export { isDirectory, isRegular, isSymlink, toGoMode, toStMode } from './file-mode.ts';
export { FileSend, FileSync, PACKET, Packet, Stat } from './filesync.ts';
export * from './gateway.ts';
export { Definition, Op, Platform, Range, SourceInfo } from './ops.ts';
export type { FileSource, PacketExchange } from './send-files.ts';
export { comparePaths, sendFiles } from './send-files.ts';
export { Auth, Health, SERVING, SESSION_HEADERS, Secrets, Ssh, Upload } from './session.ts';
export { TreeOrder } from './tree-order.ts';
export { Any, Empty, FAILED_STEP, milliseconds, RpcStatus, Timestamp, timestamp } from './well-known.ts';
