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

/**
 * The messages of a stream as they come; reading no further makes the other side wait. `hold` hears how many bytes are kept
 * now: of the messages that came last, and of an incomplete one.
 */
export async function* readMessages<M extends MessageType>(
  stream: Http2Stream,
  type: M,
  hold?: (bytes: number) => void,
): AsyncGenerator<Message<M>, void, undefined> {
  for await (const messages of readBatches(stream, type, undefined, hold)) yield* messages;
}

/** The same, those together that came together. */
export async function* readBatches<M extends MessageType>(
  stream: Http2Stream,
  type: M,
  count?: (bytes: number) => void,
  hold?: (bytes: number) => void,
): AsyncGenerator<Message<M>[], void, undefined> {
  const reader = new FrameReader();
  for await (const chunk of chunksOf(stream)) {
    const messages: Message<M>[] = [];
    let size = 0;
    for (const bytes of reader.push(chunk)) {
      size += bytes.length;
      count?.(bytes.length);
      messages.push(decode(type, bytes));
    }
    hold?.(size + reader.held);
    if (messages.length > 0) yield messages;
  }
  reader.finish();
}

/** What comes until the other side has said all; that it gives up is no fault of ours. */
async function* chunksOf(stream: Http2Stream): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    // To stop reading is not to end the call.
    yield* stream.iterator({ destroyOnReturn: false });
  } catch {
    throw new RpcError('cancelled', 'the stream is closed');
  }
}

/** Sends messages; resolves when more may be sent. */
export async function sendMessages<M extends MessageType>(
  stream: Http2Stream,
  type: M,
  values: readonly Partially<M>[],
): Promise<void> {
  if (stream.destroyed || stream.writableEnded) throw new RpcError('cancelled', 'the stream is closed');
  const frames = values.map((value) => frame(encode(type, value)));
  if (stream.write(frames.length === 1 ? frames[0] : Buffer.concat(frames))) return;
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
