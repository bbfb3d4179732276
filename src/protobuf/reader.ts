import { invalid } from '#errdefs';

/** Reads the bytes of one message; whatever does not fit is an error that says so. */
export class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** A varint's low 53 bits, as most are small. */
  small(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 7; i++) {
      const byte = this.#byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 0x80;
    }
    throw invalid('protobuf: a number is too large');
  }

  /** A varint of up to 64 bits, as they stand: a negative number has all of its high bits set. */
  wide(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw invalid('protobuf: a number has more than ten bytes');
  }

  /** The bytes behind their length, not copied. */
  bytes(): Uint8Array {
    const length = this.small();
    if (length > this.#bytes.length - this.#at) throw invalid('protobuf: a field is longer than its message');
    const start = this.#at;
    this.#at += length;
    return this.#bytes.subarray(start, this.#at);
  }

  /** Passes over a field that is not known. */
  skip(wire: number): void {
    if (wire === 0) this.wide();
    else if (wire === 1) this.#pass(8);
    else if (wire === 2) this.bytes();
    else if (wire === 5) this.#pass(4);
    else throw invalid(`protobuf: wire type ${wire} is not supported`);
  }

  #pass(length: number): void {
    if (length > this.#bytes.length - this.#at) throw invalid('protobuf: unexpected end');
    this.#at += length;
  }

  #byte(): number {
    if (this.isAtEnd) throw invalid('protobuf: unexpected end');
    return this.#view.getUint8(this.#at++);
  }
}
