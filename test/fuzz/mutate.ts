import { chance } from '../crash/soak.ts';

/** Makes inputs out of seeds: bit flips, cuts, repeats, splices, interesting numbers and words. Reproducible by its seed. */
export class Mutator {
  readonly #random: () => number;
  readonly #seeds: readonly Buffer[];
  readonly #words: readonly Buffer[];

  constructor(seed: number, seeds: readonly Buffer[], words: readonly string[]) {
    this.#random = chance(seed);
    this.#seeds = seeds;
    this.#words = [
      ...words,
      '\0',
      '\xff',
      '"',
      '{',
      '[',
      '-1',
      '1e999',
      '9223372036854775808',
      '../',
      'a'.repeat(300),
    ].map((word) => Buffer.from(word, 'latin1'));
  }

  next(): Buffer {
    let input = this.#pick(this.#seeds);
    for (let times = 1 + this.#below(6); times > 0; times--) input = this.#change(input);
    return input.subarray(0, 1 << 16);
  }

  #change(input: Buffer): Buffer {
    const at = this.#below(input.length + 1);
    const end = Math.min(input.length, at + this.#below(64));
    const join = (...parts: Uint8Array[]) => Buffer.concat(parts);
    switch (this.#below(7)) {
      case 0:
        return this.#flip(input);
      case 1:
        return join(input.subarray(0, at), input.subarray(end));
      case 2:
        return join(input.subarray(0, end), input.subarray(at));
      case 3:
        return join(input.subarray(0, at), this.#pick(this.#words), input.subarray(at));
      case 4:
        return join(input.subarray(0, at), this.#pick(this.#words), input.subarray(end));
      case 5:
        return input.subarray(0, at);
      default: {
        const other = this.#pick(this.#seeds);
        return join(input.subarray(0, at), other.subarray(this.#below(other.length)));
      }
    }
  }

  #flip(input: Buffer): Buffer {
    if (input.length === 0) return input;
    const copy = Buffer.from(input);
    for (let times = 1 + this.#below(4); times > 0; times--) {
      const at = this.#below(copy.length);
      copy[at] = this.#random() < 0.5 ? copy[at]! ^ (1 << this.#below(8)) : this.#below(256);
    }
    return copy;
  }

  #pick<T>(from: readonly T[]): T {
    return from[this.#below(from.length)]!;
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }
}
