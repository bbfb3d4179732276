import { once } from 'node:events';
import type { Http2Stream } from 'node:http2';
import type { Message, MessageType, Partially } from '#protobuf';
import { decode, encode } from '#protobuf';
import { FrameReader, frame } from './frames.ts';
import { RpcError } from './status.ts';

/** One remote procedure: its path and the messages of both directions. */
export interface Method<Request extends MessageType = MessageType, Response extends MessageType = MessageType> {
  readonly path: string;
  readonly request: Request;
  readonly response: Response;
}

/** Declares a procedure. */
export const method = <Request extends MessageType, Response extends MessageType>(
  path: string,
  request: Request,
  response: Response,
): Method<Request, Response> => ({ path, request, response });

/** What goes before the messages of a direction; a key may come several times. */
export type Metadata = ReadonlyMap<string, readonly string[]>;

/** The messages of a stream as they come; reading no further makes the other side wait. */
export async function* readMessages<M extends MessageType>(
  stream: Http2Stream,
  type: M,
  count?: (bytes: number) => void,
): AsyncGenerator<Message<M>, void, undefined> {
  const reader = new FrameReader();
  // To stop reading is not to end the call.
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
    for (const bytes of reader.push(chunk)) {
      count?.(bytes.length);
      yield decode(type, bytes);
    }
  }
  reader.finish();
}

/** Sends one message; resolves when more may be sent. */
export async function sendMessage<M extends MessageType>(stream: Http2Stream, type: M, value: Partially<M>) {
  if (stream.destroyed || stream.writableEnded) throw new RpcError('cancelled', 'the stream is closed');
  if (stream.write(frame(encode(type, value)))) return;
  const closed = new AbortController();
  const close = () => closed.abort();
  stream.once('close', close);
  try {
    await once(stream, 'drain', { signal: closed.signal });
  } catch {
    throw new RpcError('cancelled', 'the stream is closed');
  } finally {
    stream.off('close', close);
  }
}

/** Reads metadata of a raw list of names and values, as they came. */
export function metadataOf(raw: readonly string[]): Metadata {
  const found = new Map<string, string[]>();
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i]!.toLowerCase();
    if (name.startsWith(':')) continue;
    const values = found.get(name);
    if (values) values.push(raw[i + 1]!);
    else found.set(name, [raw[i + 1]!]);
  }
  return found;
}
