/** DNS over a connection: each message behind its length in two bytes (RFC 1035 4.2.2). */
const LENGTH = 2;

export function framed(message: Buffer): Buffer {
  const length = Buffer.alloc(LENGTH);
  length.writeUInt16BE(message.length);
  return Buffer.concat([length, message]);
}

/** Puts messages together again; it keeps at most one that is not whole, 64 KiB. */
export class Framer {
  #rest: Buffer = Buffer.alloc(0);

  /** The messages that are whole with this chunk. */
  push(chunk: Buffer): Buffer[] {
    let bytes = Buffer.concat([this.#rest, chunk]);
    const messages: Buffer[] = [];
    while (bytes.length >= LENGTH && bytes.length >= LENGTH + bytes.readUInt16BE(0)) {
      const end = LENGTH + bytes.readUInt16BE(0);
      messages.push(bytes.subarray(LENGTH, end));
      bytes = bytes.subarray(end);
    }
    this.#rest = bytes;
    return messages;
  }
}
