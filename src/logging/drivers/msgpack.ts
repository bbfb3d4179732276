/** What is encoded: a number is an unsigned integer, bytes stand for themselves already encoded. */
export type Packable = string | number | null | Buffer | readonly Packable[] | { readonly [key: string]: Packable };

const SECOND = 1_000_000_000n;

/** MessagePack, as far as Fluentd's forward protocol needs it. */
export function pack(value: Packable): Buffer {
  if (value === null) return Buffer.of(0xc0);
  if (Buffer.isBuffer(value)) return value;
  if (typeof value === 'string') return packString(value);
  if (typeof value === 'number') return packNumber(value);
  if (Array.isArray(value)) return Buffer.concat([head(value.length, 0x90, 0xdc), ...value.map(pack)]);
  const entries = Object.entries(value as { [key: string]: Packable });
  return Buffer.concat([head(entries.length, 0x80, 0xde), ...entries.flatMap(([key, of]) => [pack(key), pack(of)])]);
}

/** Fluentd's EventTime: an extension of type 0 with seconds and nanoseconds. */
export function packEventTime(nanos: bigint): Buffer {
  const bytes = Buffer.of(0xd7, 0x00, 0, 0, 0, 0, 0, 0, 0, 0);
  bytes.writeUInt32BE(Number(nanos / SECOND), 2);
  bytes.writeUInt32BE(Number(nanos % SECOND), 6);
  return bytes;
}

/** Of an array or a map: one byte up to 15 elements, else with 16 bits or 32. */
function head(size: number, small: number, large: number): Buffer {
  if (size < 16) return Buffer.of(small | size);
  return size < 0x10000 ? sized(large, size, 2) : sized(large + 1, size, 4);
}

function packString(text: string): Buffer {
  const bytes = Buffer.from(text);
  const size = bytes.length;
  if (size < 32) return Buffer.concat([Buffer.of(0xa0 | size), bytes]);
  const start = size < 0x100 ? sized(0xd9, size, 1) : size < 0x10000 ? sized(0xda, size, 2) : sized(0xdb, size, 4);
  return Buffer.concat([start, bytes]);
}

function packNumber(value: number): Buffer {
  return value < 0x80 ? Buffer.of(value) : sized(0xce, value, 4);
}

function sized(type: number, size: number, bytes: number): Buffer {
  const out = Buffer.alloc(1 + bytes);
  out[0] = type;
  out.writeUIntBE(size, 1, bytes);
  return out;
}
