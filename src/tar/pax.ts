import { malformed } from './number.ts';

const SPACE = 0x20;
const EQUALS = 0x3d;
const NEWLINE = 0x0a;

/** A record of a PAX header: keys may hold any byte but `=` and NUL, values any. */
export interface PaxRecord {
  readonly key: Buffer;
  readonly value: Buffer;
}

/** Decodes the body of a PAX header (`length key=value\n` records) in order; throws when it is malformed. */
export function decodePax(body: Buffer): PaxRecord[] {
  const records: PaxRecord[] = [];
  for (let at = 0; at < body.length; ) {
    const space = body.indexOf(SPACE, at);
    const digits = space < 0 ? '' : body.toString('latin1', at, space);
    if (!/^[0-9]{1,10}$/.test(digits)) throw malformed('a PAX record has no length');
    const end = at + Number(digits);
    if (end > body.length || end <= space + 2 || body[end - 1] !== NEWLINE)
      throw malformed('a PAX record has a wrong length');
    const equals = body.indexOf(EQUALS, space + 1);
    if (equals < 0 || equals >= end || equals === space + 1) throw malformed('a PAX record has no key');
    const key = Buffer.from(body.subarray(space + 1, equals));
    if (key.includes(0)) throw malformed('a PAX key contains a NUL byte');
    records.push({ key, value: Buffer.from(body.subarray(equals + 1, end - 1)) });
    at = end;
  }
  return records;
}

/** Encodes records as the body of a PAX header. */
export function encodePax(records: readonly PaxRecord[]): Buffer {
  return Buffer.concat(records.map(encodeRecord));
}

function encodeRecord({ key, value }: PaxRecord): Buffer {
  const rest = key.length + value.length + 3;
  // The length counts its own digits: one more round when they grow by one.
  let length = rest + String(rest).length;
  length = rest + String(length).length;
  return Buffer.concat([Buffer.from(`${length} `), key, Buffer.from('='), value, Buffer.from('\n')], length);
}
