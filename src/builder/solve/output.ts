import type { Writable } from 'node:stream';
import { FileSend } from '#buildkit';
import { byteStream, RpcError } from '#grpc';
import type { Session } from '../session/session.ts';

/** Which exporter writes, and what it tells of its file. */
export interface OutputRequest {
  readonly exporter: number;
  readonly metadata: ReadonlyMap<string, string>;
  readonly signal: AbortSignal;
}

/** A stream of bytes that the client writes where its `--output` says. It has arrived when `close` comes after `finish`. */
export function openOutput(session: Session, { exporter, metadata, signal }: OutputRequest): Writable {
  if (!session.serves(FileSend.bytes)) throw new RpcError('unavailable', 'the client takes no files');
  const own = [...metadata].map(([key, value]): [string, string[]] => [`exporter-md-${key}`, [value]]);
  const call = session.open(FileSend.bytes, {
    metadata: new Map([['buildkit-attachable-exporter-id', [String(exporter)]], ...own]),
    signal,
  });
  const stream = byteStream({
    incoming: call.responses(),
    send: (message) => call.send(message),
    end: () => call.end(),
    cancel: () => call.cancel(),
  });
  // The client answers nothing but its end.
  stream.resume();
  return stream;
}
