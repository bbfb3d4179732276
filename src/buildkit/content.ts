import { method } from '#grpc';
import { bytes, int64, message, of, string, stringMap } from '#protobuf';
import { Empty, Timestamp } from './well-known.ts';

const SERVICE = '/containerd.services.content.v1.Content';

const Info = message({
  digest: string(1),
  size: int64(2),
  createdAt: of(3, Timestamp),
  updatedAt: of(4, Timestamp),
  labels: stringMap(5),
});

/** What of containerd's content service BuildKit's clients ask the daemon. */
export const Content = {
  info: method(`${SERVICE}/Info`, message({ digest: string(1) }), message({ info: of(1, Info) })),
  read: method(
    `${SERVICE}/Read`,
    message({ digest: string(1), offset: int64(2), size: int64(3) }),
    message({ offset: int64(1), data: bytes(2) }),
  ),
};

/** Traces, which nobody reads here. */
export const Traces = {
  export: method('/opentelemetry.proto.collector.trace.v1.TraceService/Export', Empty, Empty),
};
