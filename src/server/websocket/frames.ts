/** RFC 6455: the frames of a WebSocket as a server reads and writes them. */

export type Opcode = 'text' | 'binary' | 'close' | 'ping' | 'pong';

const OPCODES: Readonly<Record<Opcode, number>> = { text: 1, binary: 2, close: 8, ping: 9, pong: 10 };
const CONTROL_LIMIT = 125;
/** Bytes of the longest head: two, a length of eight, a mask. */
const HEAD = 14;

/** What a client sent: a piece of a message, whose parts are handed on as they come, or a whole control frame. */
export interface Piece {
  readonly kind: 'data' | 'close' | 'ping' | 'pong';
  readonly data: Buffer;
}

/** A client broke the protocol; `code` is what the close frame says. */
export class ProtocolError extends Error {
  readonly code = 1002;
}

/** One whole frame, not masked: servers do not mask. */
export function encodeWsFrame(opcode: Opcode, data: Uint8Array): Buffer {
  const { length } = data;
  const size = length <= CONTROL_LIMIT ? 2 : length < 65_536 ? 4 : 10;
  const head = Buffer.alloc(size);
  head[0] = 0x80 | OPCODES[opcode];
  head[1] = size === 2 ? length : size === 4 ? 126 : 127;
  if (size === 4) head.writeUInt16BE(length, 2);
  if (size === 10) head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, data]);
}

/** A close frame with its code. */
export function encodeClose(code: number): Buffer {
  const data = Buffer.alloc(2);
  data.writeUInt16BE(code);
  return encodeWsFrame('close', data);
}

/** A frame whose head was read: what is left of it, and how far its mask has been used. */
interface Begun {
  readonly kind: Piece['kind'];
  readonly mask: Buffer;
  left: number;
  at: number;
}

/** Takes apart what a client sends, in whatever pieces it arrives. It keeps heads and control frames only. */
export class WsDecoder {
  #kept = Buffer.alloc(0);
  #frame: Begun | undefined;
  #isMessageOpen = false;

  /** The pieces in these bytes. Throws {@link ProtocolError}. */
  push(bytes: Buffer): Piece[] {
    const pieces: Piece[] = [];
    let rest = this.#kept.length > 0 ? Buffer.concat([this.#kept, bytes]) : bytes;
    for (;;) {
      if (!this.#frame) {
        const size = this.#readHead(rest);
        if (size === 0) break;
        rest = rest.subarray(size);
      }
      const frame: Begun = this.#frame!;
      const isControl = frame.kind !== 'data';
      if (rest.length < frame.left && (isControl || rest.length === 0)) break;
      const data = unmask(rest.subarray(0, Math.min(frame.left, rest.length)), frame);
      rest = rest.subarray(data.length);
      if (isControl || data.length > 0) pieces.push({ kind: frame.kind, data });
      if (frame.left === 0) this.#frame = undefined;
    }
    this.#kept = Buffer.from(rest);
    return pieces;
  }

  /** Reads one head if it is whole; gives its size, 0 when bytes are missing. */
  #readHead(bytes: Buffer): number {
    if (bytes.length < 2) return 0;
    const [first, second] = [bytes[0]!, bytes[1]!];
    if ((first & 0x70) !== 0) throw new ProtocolError('reserved bits are set');
    if ((second & 0x80) === 0) throw new ProtocolError('the frame is not masked');
    const short = second & 0x7f;
    const size = short === 127 ? HEAD : short === 126 ? 8 : 6;
    if (bytes.length < size) return 0;
    const length = short === 127 ? longLength(bytes) : short === 126 ? bytes.readUInt16BE(2) : short;
    const kind = this.#kindOf(first & 0x0f, (first & 0x80) !== 0, length);
    this.#frame = { kind, left: length, mask: Buffer.from(bytes.subarray(size - 4, size)), at: 0 };
    return size;
  }

  #kindOf(opcode: number, isLast: boolean, length: number): Piece['kind'] {
    if (opcode >= 8) {
      if (!isLast || length > CONTROL_LIMIT) throw new ProtocolError('a control frame is too long or in parts');
      const kind = ({ 8: 'close', 9: 'ping', 10: 'pong' } as const)[opcode];
      if (!kind) throw new ProtocolError(`unknown opcode ${opcode}`);
      return kind;
    }
    if (opcode > 2) throw new ProtocolError(`unknown opcode ${opcode}`);
    if ((opcode === 0) !== this.#isMessageOpen) throw new ProtocolError('a message is continued that was not begun');
    this.#isMessageOpen = !isLast;
    return 'data';
  }
}

function longLength(bytes: Buffer): number {
  const length = bytes.readBigUInt64BE(2);
  if (length > BigInt(Number.MAX_SAFE_INTEGER)) throw new ProtocolError('the frame is too long');
  return Number(length);
}

/** Takes the mask off and counts the frame down. */
function unmask(data: Buffer, frame: Begun): Buffer {
  const clear = Buffer.allocUnsafe(data.length);
  for (let i = 0; i < data.length; i++) clear[i] = data[i]! ^ frame.mask[(frame.at + i) & 3]!;
  frame.at = (frame.at + data.length) & 3;
  frame.left -= data.length;
  return clear;
}
