/** A field of a message to the monitor: text, bytes, a whole number ≥ 0, or a list of fields. */
export type Field = string | number | Buffer | readonly Field[];

/** Longer messages are refused by both sides. */
export const MESSAGE_MAX = 1 << 20;
export const PROTOCOL_VERSION = 1;

const COLON = 0x3a;
const COMMA = 0x2c;

/** Encodes a list as one message: a netstring that holds netstrings (native/monitor/PROTOCOL.md). */
export function encode(fields: readonly Field[]): Buffer {
  return netstring(encodeList(fields));
}

function encodeList(fields: readonly Field[]): Buffer {
  return Buffer.concat(fields.map((field) => netstring(encodeField(field))));
}

function encodeField(field: Field): Buffer {
  if (typeof field === 'string') return Buffer.from(field, 'utf8');
  if (Buffer.isBuffer(field)) return field;
  return typeof field === 'number' ? Buffer.from(String(field)) : encodeList(field);
}

function netstring(content: Buffer): Buffer {
  if (content.length > MESSAGE_MAX) throw new RangeError('the message is too long for the monitor');
  return Buffer.concat([Buffer.from(`${content.length}:`), content, Buffer.from(',')]);
}

/** Decodes a complete list; throws SyntaxError for anything else. */
export function decodeList(bytes: Buffer): Buffer[] {
  const fields: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const found = take(bytes, at);
    if (!found) throw new SyntaxError('a field of the monitor is cut off');
    fields.push(found.content);
    at = found.end;
  }
  return fields;
}

/** Takes messages off a stream of bytes. After the last one wanted, {@link Decoder.rest} is what follows it. */
export class Decoder {
  #bytes: Buffer = Buffer.alloc(0);

  push(chunk: Buffer): void {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
  }

  /** The next message's fields; undefined until it is complete. Throws SyntaxError. */
  next(): Buffer[] | undefined {
    const found = take(this.#bytes, 0);
    if (!found) return undefined;
    this.#bytes = this.#bytes.subarray(found.end);
    return decodeList(found.content);
  }

  get rest(): Buffer {
    return this.#bytes;
  }
}

function take(bytes: Buffer, start: number): { content: Buffer; end: number } | undefined {
  let length = 0;
  let at = start;
  for (; at < bytes.length && bytes[at]! >= 0x30 && bytes[at]! <= 0x39; at++) {
    if (at > start && length === 0) throw new SyntaxError('a length of the monitor has a leading zero');
    length = length * 10 + bytes[at]! - 0x30;
    if (length > MESSAGE_MAX) throw new SyntaxError('a message of the monitor is too long');
  }
  if (at === bytes.length) return undefined;
  if (at === start || bytes[at] !== COLON) throw new SyntaxError('a length of the monitor is not a number');
  const end = at + 1 + length;
  if (end >= bytes.length) return undefined;
  if (bytes[end] !== COMMA) throw new SyntaxError('a field of the monitor has no end');
  return { content: bytes.subarray(at + 1, end), end: end + 1 };
}
