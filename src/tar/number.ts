import { invalid } from '#errdefs';
import type { Time } from './entry.ts';

/** The error of every malformed header, in the words that Docker's clients know. */
export function malformed(detail: string): Error {
  return invalid(`archive/tar: invalid tar header: ${detail}`);
}

/**
 * Reads a numeric field: octal digits, or base 256 (GNU) when the first bit is set.
 * Throws when it is neither, or beyond ±2^53.
 */
export function decodeNumber(block: Buffer, at: number, length: number): number {
  return block[at]! & 0x80 ? decodeBinary(block, at, length) : decodeOctal(block, at, length);
}

function decodeOctal(block: Buffer, at: number, length: number): number {
  const end = at + length;
  let i = at;
  // Some writers pad with leading spaces or NULs, and end with either.
  while (i < end && (block[i] === 0x20 || block[i] === 0)) i++;
  let value = 0;
  for (; i < end; i++) {
    const digit = block[i]! - 0x30;
    if (digit < 0 || digit > 7) break;
    value = value * 8 + digit;
  }
  for (; i < end; i++) if (block[i] !== 0x20 && block[i] !== 0) throw malformed('a number is not octal');
  if (value > Number.MAX_SAFE_INTEGER) throw malformed('a number is too large');
  return value;
}

function decodeBinary(block: Buffer, at: number, length: number): number {
  const negative = (block[at]! & 0x40) !== 0;
  // The first byte carries the mark in its top bit and the sign in the next; the rest is two's complement.
  let value = BigInt(negative ? block[at]! | 0x80 : block[at]! & 0x7f);
  if (negative) value -= 256n;
  for (let i = at + 1; i < at + length; i++) value = (value << 8n) | BigInt(block[i]!);
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw malformed('a number is too large');
  return number;
}

/** Writes a number into a field: octal with a final NUL where it fits, else base 256. */
export function encodeNumber(block: Buffer, value: number, at: number, length: number): void {
  if (fitsOctal(value, length)) {
    block.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at, length, 'latin1');
    return;
  }
  let rest = BigInt(value);
  for (let i = at + length - 1; i >= at; i--) {
    block[i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  block[at]! |= 0x80;
}

/** Whether a number can stand in a field of this length as octal digits and a NUL. */
export function fitsOctal(value: number, length: number): boolean {
  return value >= 0 && value < 8 ** (length - 1);
}

const TIME = /^(-?)(\d{1,18})(?:\.(\d*))?$/;

/** Reads a PAX time: seconds with any number of decimals, cut to nanoseconds (towards the past for negative ones). */
export function decodeTime(text: string): Time {
  const match = TIME.exec(text);
  if (!match) throw malformed('a time is not a number');
  const seconds = Number(match[2]);
  if (!Number.isSafeInteger(seconds)) throw malformed('a time is too large');
  const nanoseconds = Number((match[3] ?? '').slice(0, 9).padEnd(9, '0'));
  if (match[1] === '') return { seconds, nanoseconds };
  if (nanoseconds === 0) return { seconds: seconds === 0 ? 0 : -seconds, nanoseconds: 0 };
  return { seconds: -seconds - 1, nanoseconds: 1_000_000_000 - nanoseconds };
}

/** Writes a PAX time, without decimals where there are none. */
export function encodeTime(time: Time): string {
  if (time.nanoseconds === 0) return String(time.seconds);
  const before = time.seconds < 0;
  const seconds = before ? -(time.seconds + 1) : time.seconds;
  const nanoseconds = before ? 1_000_000_000 - time.nanoseconds : time.nanoseconds;
  const decimals = String(nanoseconds).padStart(9, '0').replace(/0+$/, '');
  return `${before ? '-' : ''}${seconds}.${decimals}`;
}
