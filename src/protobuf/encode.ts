import type { Field, Kind, MessageType, Partially } from './message.ts';

/** Encodes a message; zero values do not travel, except inside lists and maps. */
export function encode<M extends MessageType>(type: M, value: Partially<M>): Buffer {
  const pieces: Uint8Array[] = [];
  encodeMessage(type, value as Readonly<Record<string, unknown>>, pieces);
  return Buffer.concat(pieces);
}

function encodeMessage(type: MessageType, value: Readonly<Record<string, unknown>>, to: Uint8Array[]): void {
  for (const [name, field] of Object.entries(type.fields)) {
    const item = value[name];
    if (item === undefined) continue;
    if (field.rule === 'many') for (const each of item as unknown[]) encodeValue(field, field.kind, each, to);
    else if (field.rule === 'map') encodeMap(field, item as ReadonlyMap<unknown, unknown>, to);
    else if (field.rule === 'optional' || !isZero(item)) encodeValue(field, field.kind, item, to);
  }
}

function encodeMap(field: Field, map: ReadonlyMap<unknown, unknown>, to: Uint8Array[]): void {
  for (const [key, item] of map) {
    const entry: Uint8Array[] = [];
    encodeValue({ number: 1 }, field.key ?? 'string', key, entry);
    encodeValue({ number: 2 }, field.kind, item, entry);
    pushBytes(field.number, Buffer.concat(entry), to);
  }
}

function encodeValue({ number }: { number: number }, kind: Kind, item: unknown, to: Uint8Array[]): void {
  if (typeof kind !== 'string') {
    const inner: Uint8Array[] = [];
    encodeMessage(kind, item as Readonly<Record<string, unknown>>, inner);
    pushBytes(number, Buffer.concat(inner), to);
  } else if (kind === 'string') pushBytes(number, Buffer.from(item as string), to);
  else if (kind === 'bytes') pushBytes(number, item as Uint8Array, to);
  else to.push(varint(number * 8), varint(kind === 'bool' ? Number(item) : (item as number | bigint)));
}

function pushBytes(number: number, bytes: Uint8Array, to: Uint8Array[]): void {
  to.push(varint(number * 8 + 2), varint(bytes.length), bytes);
}

function varint(value: number | bigint): Uint8Array {
  if (typeof value === 'number' && value >= 0 && value < 0x80) return Uint8Array.of(value);
  let rest = BigInt.asUintN(64, BigInt(value));
  const out: number[] = [];
  for (; rest >= 0x80n; rest >>= 7n) out.push(Number(rest & 0x7fn) | 0x80);
  out.push(Number(rest));
  return Uint8Array.from(out);
}

const isZero = (item: unknown): boolean =>
  item === '' || item === 0 || item === 0n || item === false || (item instanceof Uint8Array && item.length === 0);
