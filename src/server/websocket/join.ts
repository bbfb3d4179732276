import type { Duplex } from 'node:stream';
import { FrameDecoder } from '#api';
import type { Piece } from './frames.ts';
import { encodeClose, encodeWsFrame, ProtocolError, WsDecoder } from './frames.ts';

/** How long a client may take to answer our close frame. */
const CLOSING_MS = 2_000;

/**
 * Joins a container's streams to a WebSocket: each piece of output is a message, messages are input, and the client's
 * close detaches. Docker: standard output and error are not told apart.
 */
export function joinWebSocket(
  connection: Duplex,
  stream: Duplex,
  { tty, opcode }: { tty: boolean; opcode: 'text' | 'binary' },
): void {
  const outgoing = new FrameDecoder();
  const incoming = new WsDecoder();
  const close = (code: number) => {
    stream.destroy();
    if (!connection.writable) return;
    connection.end(encodeClose(code));
    const timer = setTimeout(() => connection.destroy(), CLOSING_MS);
    connection.once('close', () => clearTimeout(timer));
  };
  const receive = ({ kind, data }: Piece) => {
    // After our close frame only the client's own counts, which ends the connection.
    if (stream.destroyed) {
      if (kind === 'close') connection.destroy();
    } else if (kind === 'ping') connection.write(encodeWsFrame('pong', data));
    else if (kind === 'close') close(data.length >= 2 ? data.readUInt16BE(0) : 1000);
    else if (kind === 'data' && !stream.write(data)) {
      connection.pause();
      stream.once('drain', () => connection.resume());
    }
  };
  connection.on('data', (bytes: Buffer) => {
    try {
      for (const piece of incoming.push(bytes)) receive(piece);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      if (stream.destroyed) connection.destroy();
      else close(error.code);
    }
  });
  stream.on('data', (bytes: Buffer) => {
    const pieces = tty ? [bytes] : outgoing.push(bytes).map(({ data }) => data);
    const isOpen = pieces.map((data) => connection.write(encodeWsFrame(opcode, data))).every(Boolean);
    if (isOpen) return;
    stream.pause();
    connection.once('drain', () => stream.resume());
  });
  stream.on('error', () => connection.destroy());
  stream.on('end', () => close(1000));
  connection.on('error', () => connection.destroy());
  connection.on('end', () => connection.destroy());
  connection.on('close', () => stream.destroy());
  connection.resume();
}
