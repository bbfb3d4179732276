/**
 * gRPC on a connection that somebody else opened: a server and a client over HTTP/2, of which one side hijacks an HTTP/1
 * connection first. Messages are not compressed. What the other side sends is bounded: a message by 16 MiB, the number of
 * streams, settings, resets and what is held for them by HTTP/2's limits.
 */

export type { ByteCall } from './bytes.ts';
export { BytesMessage, byteStream } from './bytes.ts';
export type { Metadata, Method } from './call.ts';
export { method } from './call.ts';
export type { CallOptions, ClientCall } from './client.ts';
export { Connection } from './client.ts';
export { FrameReader, frame, MAX_MESSAGE } from './frames.ts';
export type { Handler, ServeOptions, ServerCall } from './server.ts';
export { serve, streaming, unary } from './server.ts';
export type { Code } from './status.ts';
export { CODES, codeOf, RpcError } from './status.ts';
