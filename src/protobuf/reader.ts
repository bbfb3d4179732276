import { invalid } from '#errdefs';

/** Reads the bytes of one message, from `start` to `end`; whatever does not fit is an error that says so. */
export class Reader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #at: number;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#end;
  }

  /** A varint's low 53 bits, as most are small. */
  small(): number {
    const first = this.#byte();
    if (first < 0x80) return first;
    let value = first & 0x7f;
    let scale = 0x80;
    for (let i = 1; i < 7; i++) {
      const byte = this.#byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 0x80;
    }
    throw invalid('protobuf: a number is too large');
  }

  /** A varint of up to 64 bits, as they stand: a negative number has all of its high bits set. */
  wide(): bigint {
    const [low, isLast] = this.#part();
    if (isLast) return BigInt(low);
    const [middle, isNext] = this.#part();
    const below = BigInt(low) + (BigInt(middle) << 28n);
    if (isNext) return below;
    // What is left of 64 bits, and what an encoder may have put above them.
    const ninth = this.#byte();
    const tenth = ninth < 0x80 ? 0 : this.#byte();
    if (tenth >= 0x80) throw invalid('protobuf: a number has more than ten bytes');
    return below + (BigInt((ninth & 0x7f) + (tenth & 1) * 0x80) << 56n);
  }

  /** As a signed number of 64 bits; digits beyond 2^53 are lost. */
  signed(): number {
    const start = this.#at;
    const [low, isLast] = this.#part();
    if (isLast) return low;
    this.#at = start;
    return Number(BigInt.asIntN(64, this.wide()));
  }

  /** The bytes behind their length, not copied. */
  bytes(): Uint8Array {
    const start = this.#span();
    return this.#bytes.subarray(start, this.#at);
  }

  /** The same as a message of its own. */
  inner(): Reader {
    const start = this.#span();
    return new Reader(this.#bytes, start, this.#at);
  }

  /** Passes over a field that is not known. */
  skip(wire: number): void {
    if (wire === 0) this.wide();
    else if (wire === 1) this.#pass(8);
    else if (wire === 2) this.#span();
    else if (wire === 5) this.#pass(4);
    else throw invalid(`protobuf: wire type ${wire} is not supported`);
  }

  /** Passes over a length and what it counts; where that begins. */
  #span(): number {
    const length = this.small();
    if (length > this.#end - this.#at) throw invalid('protobuf: a field is longer than its message');
    const start = this.#at;
    this.#at += length;
    return start;
  }

  /** Up to four bytes of a varint, and whether it ends with them. */
  #part(): [value: number, isLast: boolean] {
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.#byte();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return [value, true];
    }
    return [value, false];
  }

  #pass(length: number): void {
    if (length > this.#end - this.#at) throw invalid('protobuf: unexpected end');
    this.#at += length;
  }

  #byte(): number {
    if (this.#at >= this.#end) throw invalid('protobuf: unexpected end');
    return this.#bytes[this.#at++]!;
  }
}
