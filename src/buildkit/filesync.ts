import { BytesMessage, method } from '#grpc';
import type { Message } from '#protobuf';
import { bigint, bytes, bytesMap, int32, int64, message, of, uint32 } from '#protobuf';

/** A file as fsutil tells it. Paths travel as strings, but names on Linux are bytes. */
export const Stat = message({
  path: bytes(1),
  mode: uint32(2),
  uid: uint32(3),
  gid: uint32(4),
  size: int64(5),
  modTime: bigint(6),
  linkname: bytes(7),
  devmajor: int64(8),
  devminor: int64(9),
  xattrs: bytesMap(10),
});
export type Stat = Message<typeof Stat>;

export const PACKET = { stat: 0, request: 1, data: 2, fin: 3, error: 4 } as const;

export const Packet = message({ type: int32(1), stat: of(2, Stat), id: uint32(3), data: bytes(4) });
export type Packet = Message<typeof Packet>;

/** `moby.filesync.v1.FileSync`: whoever is called has the files. */
export const FileSync = {
  diffCopy: method('/moby.filesync.v1.FileSync/DiffCopy', Packet, Packet),
  tarStream: method('/moby.filesync.v1.FileSync/TarStream', Packet, Packet),
};

/** `moby.filesync.v1.FileSend`: whoever is called receives files, or one stream of bytes. */
export const FileSend = {
  diffCopy: method('/moby.filesync.v1.FileSend/DiffCopy', Packet, Packet),
  bytes: method('/moby.filesync.v1.FileSend/DiffCopy', BytesMessage, BytesMessage),
};
