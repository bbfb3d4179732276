/** Decodes one MessagePack value, as far as Fluentd's forward protocol has them; extensions are their bytes in hex. */
export function unpack(bytes: Buffer, at: number): { value: unknown; end: number } {
  const type = bytes[at]!;
  if (type < 0x80) return { value: type, end: at + 1 };
  if (type < 0x90) return unpackMap(bytes, at + 1, type & 0x0f);
  if (type < 0xa0) return unpackArray(bytes, at + 1, type & 0x0f);
  if (type < 0xc0) return text(bytes, at + 1, type & 0x1f);
  switch (type) {
    case 0xc0:
      return { value: null, end: at + 1 };
    case 0xce:
      return { value: bytes.readUInt32BE(at + 1), end: at + 5 };
    case 0xd7:
      return { value: bytes.toString('hex', at + 1, at + 10), end: at + 10 };
    case 0xd9:
      return text(bytes, at + 2, bytes[at + 1]!);
    case 0xda:
      return text(bytes, at + 3, bytes.readUInt16BE(at + 1));
    default:
      throw new Error(`unexpected type ${type.toString(16)} at ${at}`);
  }
}

/** All values, one after the other. */
export function unpackAll(bytes: Buffer): unknown[] {
  const values: unknown[] = [];
  for (let at = 0; at < bytes.length; ) {
    const { value, end } = unpack(bytes, at);
    values.push(value);
    at = end;
  }
  return values;
}

function text(bytes: Buffer, at: number, size: number) {
  if (at + size > bytes.length) throw new Error('cut off');
  return { value: bytes.toString('utf8', at, at + size), end: at + size };
}

function unpackArray(bytes: Buffer, start: number, count: number) {
  const values: unknown[] = [];
  let at = start;
  for (let i = 0; i < count; i++) {
    const { value, end } = unpack(bytes, at);
    values.push(value);
    at = end;
  }
  return { value: values, end: at };
}

function unpackMap(bytes: Buffer, start: number, count: number) {
  const { value, end } = unpackArray(bytes, start, count * 2);
  const entries = Array.from({ length: count }, (_, i) => [value[2 * i] as string, value[2 * i + 1]]);
  return { value: Object.fromEntries(entries) as Record<string, unknown>, end };
}
