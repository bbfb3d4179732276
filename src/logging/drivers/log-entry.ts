import type { Message } from '../sink.ts';

const VARINT = 0;
const BYTES = 2;

/**
 * Docker's LogEntry in protocol buffers, its length in front (4 bytes, big endian): source = 1, time_nano = 2, line = 3,
 * partial = 4, partial_log_metadata = 5 (last = 1, id = 2, ordinal = 3).
 */
export function encodeLogEntry({ source, line, time, partial }: Message): Buffer {
  const entry = Buffer.concat([
    bytesField(1, Buffer.from(source)),
    numberField(2, time),
    bytesField(3, Buffer.from(line)),
    ...(partial ? [numberField(4, 1n), bytesField(5, encodePart(partial))] : []),
  ]);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(entry.length);
  return Buffer.concat([size, entry]);
}

function encodePart({ last, id, ordinal }: NonNullable<Message['partial']>): Buffer {
  return Buffer.concat([
    ...(last ? [numberField(1, 1n)] : []),
    bytesField(2, Buffer.from(id)),
    numberField(3, BigInt(ordinal)),
  ]);
}

function bytesField(number: number, bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.of((number << 3) | BYTES), varint(BigInt(bytes.length)), bytes]);
}

function numberField(number: number, value: bigint): Buffer {
  return Buffer.concat([Buffer.of((number << 3) | VARINT), varint(value)]);
}

function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}
