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
  return decodeMessage(type, new Reader(bytes), { depth: 0, budget: { values: MAX_VALUES } }) as Message<M>;
}

/** How deep a message is in others, and what all of them may still hold. */
interface At {
  readonly depth: number;
  readonly budget: Budget;
}

function decodeMessage(type: MessageType, reader: Reader, at: At): Record_ {
  if (at.depth > MAX_DEPTH) throw invalid('protobuf: messages are nested too deeply');
  const value = zeroMessage(type);
  const { budget } = at;
  while (!reader.isAtEnd) {
    const tag = reader.small();
    if (--budget.values < 0) throw invalid('protobuf: too many values in one message');
    if (tag < 8) throw invalid('protobuf: field number 0');
    const wire = tag % 8;
    const known = type.byNumber.get((tag - wire) / 8);
    if (known) decodeField(value, known, reader, wire, at);
    else reader.skip(wire);
  }
  return value;
}

function decodeField(value: Record_, [name, field]: readonly [string, Field], reader: Reader, wire: number, at: At) {
  const { kind, rule } = field;
  if (rule === 'map') {
    expectWire(name, wire, 2);
    const [key, item] = decodeEntry(field, reader.inner(), at);
    if (value[name] === NOTHING) value[name] = new Map();
    (value[name] as Map<unknown, unknown>).set(key, item);
    return;
  }
  expectWire(name, wire, typeof kind === 'string' && kind !== 'string' && kind !== 'bytes' ? 0 : 2);
  const item = decodeValue(kind, reader, at);
  if (rule === 'many') (value[name] as unknown[]).push(item);
  else value[name] = item;
}

/** A map's entry is a message of key 1 and value 2. */
function decodeEntry(field: Field, reader: Reader, at: At): [unknown, unknown] {
  let key: unknown = field.key === 'int64' ? 0 : '';
  let item: unknown = zeroOf(field.kind);
  while (!reader.isAtEnd) {
    const tag = reader.small();
    if (--at.budget.values < 0) throw invalid('protobuf: too many values in one message');
    if (tag === (field.key === 'int64' ? 8 : 10)) key = decodeValue(field.key ?? 'string', reader, at);
    else if (tag === 18) item = decodeValue(field.kind, reader, at);
    else reader.skip(tag % 8);
  }
  return [key, item];
}

function decodeValue(kind: Kind, reader: Reader, { depth, budget }: At): unknown {
  if (typeof kind !== 'string') return decodeMessage(kind, reader.inner(), { depth: depth + 1, budget });
  return SCALARS[kind](reader);
}

const UTF8 = new TextDecoder('utf-8', { ignoreBOM: true });

const SCALARS: Readonly<Record<Scalar, (reader: Reader) => unknown>> = {
  string: (reader) => UTF8.decode(reader.bytes()),
  bytes: (reader) => reader.bytes(),
  bool: (reader) => reader.wide() !== 0n,
  int32: (reader) => reader.signed() | 0,
  uint32: (reader) => reader.signed() >>> 0,
  int64: (reader) => reader.signed(),
  bigint: (reader) => BigInt.asIntN(64, reader.wide()),
};

function expectWire(name: string, wire: number, expected: number): void {
  if (wire !== expected) throw invalid(`protobuf: field "${name}" has wire type ${wire}, not ${expected}`);
}

/** How the fields of a type begin, in their order: values, and those that each message needs its own of. */
const zeros = new WeakMap<MessageType, readonly (readonly [name: string, field: Field])[]>();

function zeroMessage(type: MessageType): Record_ {
  let fields = zeros.get(type);
  if (!fields) {
    fields = Object.entries(type.fields);
    zeros.set(type, fields);
  }
  const value: Record_ = {};
  for (const [name, field] of fields) value[name] = zeroField(field);
  return value;
}

function zeroField({ rule, kind }: Field): unknown {
  if (rule === 'optional') return undefined;
  if (rule === 'many') return [];
  return rule === 'map' ? NOTHING : zeroOf(kind);
}

/** Most maps are empty: one for all of them, which nobody can write to. */
class EmptyMap extends Map<unknown, unknown> {
  override set(): never {
    throw new TypeError('a decoded message is read only');
  }
}

const NOTHING = new EmptyMap();
const EMPTY = new Uint8Array();

function zeroOf(kind: Kind): unknown {
  if (typeof kind !== 'string') return zeroMessage(kind);
  if (kind === 'string') return '';
  if (kind === 'bytes') return EMPTY;
  if (kind === 'bool') return false;
  return kind === 'bigint' ? 0n : 0;
}
