/**
 * Netlink framing (netlink(7)): messages and attributes to bytes and back. Pure. Integers of the kernel are in the
 * machine's order, which is little-endian on every architecture that we run on; nfnetlink's payloads are big-endian.
 */

/** One message: `body` is the family's fixed header followed by its attributes. */
export interface NetlinkMessage {
  type: number;
  flags: number;
  body: Buffer;
}

export interface ReceivedMessage extends NetlinkMessage {
  sequence: number;
}

export const NLM_F_REQUEST = 0x1;
export const NLM_F_ACK = 0x4;
export const NLM_F_DUMP = 0x300;
export const NLM_F_REPLACE = 0x100;
export const NLM_F_EXCL = 0x200;
export const NLM_F_CREATE = 0x400;
export const NLM_F_APPEND = 0x800;
export const NLMSG_ERROR = 2;
export const NLMSG_DONE = 3;

const HEADER = 16;
const NESTED = 0x8000;
const TYPE_MASK = 0x3fff;
const aligned = (length: number) => (length + 3) & ~3;

/** An attribute: 16 bits of length and type, the value, padding to 4 bytes. */
export function attribute(type: number, value: Uint8Array): Buffer {
  const bytes = Buffer.alloc(aligned(4 + value.length));
  bytes.writeUInt16LE(4 + value.length, 0);
  bytes.writeUInt16LE(type, 2);
  bytes.set(value, 4);
  return bytes;
}

/** An attribute whose value is attributes. */
export function nested(type: number, ...inner: Uint8Array[]): Buffer {
  return attribute(type | NESTED, Buffer.concat(inner));
}

export const u8 = (type: number, value: number): Buffer => attribute(type, Uint8Array.of(value));

export function u32(type: number, value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return attribute(type, bytes);
}

export function be32(type: number, value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return attribute(type, bytes);
}

export function be64(type: number, value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(value);
  return attribute(type, bytes);
}

/** A NUL-terminated string. */
export const text = (type: number, value: string): Buffer => attribute(type, Buffer.from(`${value}\0`));

/** One datagram of messages with rising sequence numbers. */
export function encodeMessages(messages: readonly NetlinkMessage[], firstSequence: number): Buffer {
  const bytes = Buffer.alloc(messages.reduce((sum, message) => sum + aligned(HEADER + message.body.length), 0));
  let at = 0;
  messages.forEach((message, index) => {
    const length = HEADER + message.body.length;
    bytes.writeUInt32LE(length, at);
    bytes.writeUInt16LE(message.type, at + 4);
    bytes.writeUInt16LE(message.flags, at + 6);
    bytes.writeUInt32LE((firstSequence + index) >>> 0, at + 8);
    bytes.set(message.body, at + HEADER);
    at += aligned(length);
  });
  return bytes;
}

/** One datagram of messages that each ask for an answer. */
export function encodeRequests(messages: readonly NetlinkMessage[]): Buffer {
  return encodeMessages(
    messages.map((message) => ({ ...message, flags: message.flags | NLM_F_REQUEST | NLM_F_ACK })),
    1,
  );
}

/** The messages of a datagram; a truncated tail is dropped. */
export function decodeMessages(bytes: Buffer): ReceivedMessage[] {
  const messages: ReceivedMessage[] = [];
  let at = 0;
  while (at + HEADER <= bytes.length) {
    const length = bytes.readUInt32LE(at);
    if (length < HEADER || at + length > bytes.length) break;
    messages.push({
      type: bytes.readUInt16LE(at + 4),
      flags: bytes.readUInt16LE(at + 6),
      sequence: bytes.readUInt32LE(at + 8),
      body: bytes.subarray(at + HEADER, at + length),
    });
    at += aligned(length);
  }
  return messages;
}

/** Attributes in order, as they may repeat (lists); a truncated tail is dropped. */
export function attributeList(bytes: Buffer): { type: number; value: Buffer }[] {
  const list: { type: number; value: Buffer }[] = [];
  let at = 0;
  while (at + 4 <= bytes.length) {
    const length = bytes.readUInt16LE(at);
    if (length < 4 || at + length > bytes.length) break;
    list.push({ type: bytes.readUInt16LE(at + 2) & TYPE_MASK, value: bytes.subarray(at + 4, at + length) });
    at += aligned(length);
  }
  return list;
}

/** Attributes by type; the last of equal ones wins. */
export function attributes(bytes: Buffer): Map<number, Buffer> {
  return new Map(attributeList(bytes).map(({ type, value }) => [type, value]));
}

/** The string in an attribute, without its NUL. */
export function asText(value: Buffer | undefined): string {
  if (!value) return '';
  const end = value.indexOf(0);
  return value.toString('utf8', 0, end < 0 ? value.length : end);
}
