import { invalid } from '#errdefs';
import type { Field, Kind, Message, MessageType, Scalar } from './message.ts';
import { Reader } from './reader.ts';

/** BuildKit's own messages are less than ten levels deep, and its longest definitions some ten thousand values. */
const MAX_DEPTH = 32;
const MAX_VALUES = 500_000;

interface Budget {
  values: number;
}

type Record_ = Record<string, unknown>;

/** Decodes a message. Unknown fields are passed over; of a single field that comes twice the last one counts. */
export function decode<M extends MessageType>(type: M, bytes: Uint8Array): Message<M> {
  return decodeMessage(type, bytes, 0, { values: MAX_VALUES }) as Message<M>;
}

function decodeMessage(type: MessageType, bytes: Uint8Array, depth: number, budget: Budget): Record_ {
  if (depth > MAX_DEPTH) throw invalid('protobuf: messages are nested too deeply');
  const value = zeroMessage(type);
  const reader = new Reader(bytes);
  while (!reader.isAtEnd) {
    const tag = reader.small();
    if (--budget.values < 0) throw invalid('protobuf: too many values in one message');
    const known = type.byNumber.get(Math.floor(tag / 8));
    if (tag < 8) throw invalid('protobuf: field number 0');
    if (known) decodeField(value, known, { reader, wire: tag % 8, depth, budget });
    else reader.skip(tag % 8);
  }
  return value;
}

interface At {
  readonly reader: Reader;
  readonly wire: number;
  readonly depth: number;
  readonly budget: Budget;
}

function decodeField(value: Record_, [name, field]: readonly [string, Field], at: At): void {
  const isVarint = typeof field.kind === 'string' && field.kind !== 'string' && field.kind !== 'bytes';
  if (field.rule === 'map') {
    expectWire(name, at.wire, 2);
    const [key, item] = decodeEntry(field, at);
    (value[name] as Map<unknown, unknown>).set(key, item);
    return;
  }
  expectWire(name, at.wire, isVarint ? 0 : 2);
  const item = decodeValue(field.kind, at);
  if (field.rule === 'many') (value[name] as unknown[]).push(item);
  else value[name] = item;
}

/** A map's entry is a message of key 1 and value 2. */
function decodeEntry(field: Field, at: At): [unknown, unknown] {
  const reader = new Reader(at.reader.bytes());
  let key: unknown = field.key === 'int64' ? 0 : '';
  let item: unknown = zeroOf(field.kind);
  while (!reader.isAtEnd) {
    const tag = reader.small();
    if (--at.budget.values < 0) throw invalid('protobuf: too many values in one message');
    const inside = { ...at, reader, wire: tag % 8 };
    if (tag === (field.key === 'int64' ? 8 : 10)) key = decodeValue(field.key ?? 'string', inside);
    else if (tag === 18) item = decodeValue(field.kind, inside);
    else reader.skip(tag % 8);
  }
  return [key, item];
}

function decodeValue(kind: Kind, { reader, depth, budget }: At): unknown {
  if (typeof kind !== 'string') return decodeMessage(kind, reader.bytes(), depth + 1, budget);
  return SCALARS[kind](reader);
}

const UTF8 = new TextDecoder('utf-8', { ignoreBOM: true });

const SCALARS: Readonly<Record<Scalar, (reader: Reader) => unknown>> = {
  string: (reader) => UTF8.decode(reader.bytes()),
  bytes: (reader) => reader.bytes(),
  bool: (reader) => reader.wide() !== 0n,
  int32: (reader) => Number(BigInt.asIntN(32, reader.wide())),
  uint32: (reader) => Number(BigInt.asUintN(32, reader.wide())),
  int64: (reader) => Number(BigInt.asIntN(64, reader.wide())),
  bigint: (reader) => BigInt.asIntN(64, reader.wide()),
};

function expectWire(name: string, wire: number, expected: number): void {
  if (wire !== expected) throw invalid(`protobuf: field "${name}" has wire type ${wire}, not ${expected}`);
}

function zeroMessage(type: MessageType): Record_ {
  const value: Record_ = {};
  for (const [name, field] of Object.entries(type.fields)) value[name] = zeroField(field);
  return value;
}

function zeroField(field: Field): unknown {
  if (field.rule === 'many') return [];
  if (field.rule === 'map') return new Map();
  return field.rule === 'optional' ? undefined : zeroOf(field.kind);
}

const EMPTY = new Uint8Array();

function zeroOf(kind: Kind): unknown {
  if (typeof kind !== 'string') return zeroMessage(kind);
  if (kind === 'string') return '';
  if (kind === 'bytes') return EMPTY;
  if (kind === 'bool') return false;
  return kind === 'bigint' ? 0n : 0;
}
