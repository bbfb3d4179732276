import type { Message } from '#protobuf';
import { bytes, int32, int64, many, message, string } from '#protobuf';

/** `google.protobuf.Timestamp`. */
export const Timestamp = message({ seconds: int64(1), nanos: int32(2) });

/** `google.protobuf.Any`. */
export const Any = message({ typeUrl: string(1), value: bytes(2) });

/** `google.rpc.Status`. */
export const RpcStatus = message({ code: int32(1), message: string(2), details: many(3, Any) });

export const Empty = message({});

/** A time of the wire, of milliseconds since the epoch with a fraction. */
export function timestamp(ms: number): Message<typeof Timestamp> {
  const seconds = Math.floor(ms / 1000);
  return { seconds, nanos: Math.min(999_999_999, Math.round((ms - seconds * 1000) * 1e6)) };
}

/** Milliseconds since the epoch; undefined: no time. */
export function milliseconds(time: Message<typeof Timestamp> | undefined): number | undefined {
  return time && time.seconds * 1000 + time.nanos / 1e6;
}

/** Gantry's own: an image of the files of a step that failed, as JSON. */
export const FAILED_STEP = 'gantry/FailedStep+json';
