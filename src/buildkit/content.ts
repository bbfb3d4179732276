import { method } from '#grpc';
import { bytes, int32, int64, message, of, string, stringMap } from '#protobuf';
import { Empty, Timestamp } from './well-known.ts';

const SERVICE = '/containerd.services.content.v1.Content';

const Info = message({
  digest: string(1),
  size: int64(2),
  createdAt: of(3, Timestamp),
  updatedAt: of(4, Timestamp),
  labels: stringMap(5),
});

/** Which store of a session a call is about, in its head. */
export const STORE_HEADER = 'buildkit-attachable-store-id';

/** What a piece of a write is. */
export const WRITE = { stat: 0, write: 1, commit: 2 } as const;

const WriteRequest = message({
  action: int32(1),
  ref: string(2),
  total: int64(3),
  expected: string(4),
  offset: int64(5),
  data: bytes(6),
  labels: stringMap(7),
});
const WriteResponse = message({ action: int32(1), offset: int64(4), total: int64(5), digest: string(6) });

/** What of containerd's content service is asked of the daemon, and of a client's stores. */
export const Content = {
  info: method(`${SERVICE}/Info`, message({ digest: string(1) }), message({ info: of(1, Info) })),
  read: method(
    `${SERVICE}/Read`,
    message({ digest: string(1), offset: int64(2), size: int64(3) }),
    message({ offset: int64(1), data: bytes(2) }),
  ),
  write: method(`${SERVICE}/Write`, WriteRequest, WriteResponse),
};

/** Traces, which nobody reads here. */
export const Traces = {
  export: method('/opentelemetry.proto.collector.trace.v1.TraceService/Export', Empty, Empty),
};
