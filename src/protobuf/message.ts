/** How a value travels; `int64` as a number loses digits beyond 2^53, `bigint` is the same on the wire and loses none. */
export type Scalar = 'string' | 'bytes' | 'bool' | 'int32' | 'uint32' | 'int64' | 'bigint';

export type Kind = Scalar | MessageType;

/** One field of a message: its number, its type, and how often it comes. */
export interface Field<T = unknown> {
  readonly number: number;
  readonly kind: Kind;
  /** `one`: absent is the zero value; `optional`: a message that may be undefined; `map`: keys are of kind `key`. */
  readonly rule: 'one' | 'optional' | 'many' | 'map';
  readonly key?: 'string' | 'int64';
  readonly __type?: T;
}

type Fields = Readonly<Record<string, Field>>;

/** A message as data: the codec and the TypeScript type are read from it. */
export interface MessageType<F extends Fields = Fields> {
  readonly fields: F;
  readonly byNumber: ReadonlyMap<number, readonly [name: string, field: Field]>;
}

/** The TypeScript type of a decoded message. */
export type Message<M> =
  M extends MessageType<infer F> ? { -readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never } : never;

/** What can be encoded: an absent field is its zero value, which does not travel. */
export type Partially<M> =
  M extends MessageType<infer F>
    ? { readonly [K in keyof F]?: F[K] extends Field<infer T> ? Looser<T> : never }
    : never;

type Looser<T> = T extends Uint8Array | string | number | boolean | bigint
  ? T
  : T extends readonly (infer E)[]
    ? readonly Looser<E>[]
    : T extends ReadonlyMap<infer K, infer V>
      ? ReadonlyMap<K, Looser<V>>
      : T extends object
        ? { readonly [K in keyof T]?: Looser<T[K]> | undefined }
        : T;

/** Makes a message of its fields. */
export const message = <F extends Fields>(fields: F): MessageType<F> => ({
  fields,
  byNumber: new Map(Object.entries(fields).map(([name, field]) => [field.number, [name, field]])),
});

const one =
  <T>(kind: Scalar) =>
  (number: number): Field<T> => ({ number, kind, rule: 'one' });

export const string = one<string>('string');
export const bytes = one<Uint8Array>('bytes');
export const bool = one<boolean>('bool');
export const int32 = one<number>('int32');
export const uint32 = one<number>('uint32');
export const int64 = one<number>('int64');
export const bigint = one<bigint>('bigint');

export const strings = (number: number): Field<string[]> => ({ number, kind: 'string', rule: 'many' });
export const manyBytes = (number: number): Field<Uint8Array[]> => ({ number, kind: 'bytes', rule: 'many' });
export const stringMap = (number: number): Field<Map<string, string>> => ({
  ...{ number, kind: 'string', rule: 'map', key: 'string' },
});
export const bytesMap = (number: number): Field<Map<string, Uint8Array>> => ({
  ...{ number, kind: 'bytes', rule: 'map', key: 'string' },
});

/** A message that may be absent, a list of them, a map to them. */
export const of = <M extends MessageType>(number: number, kind: M): Field<Message<M> | undefined> => ({
  ...{ number, kind, rule: 'optional' },
});
export const many = <M extends MessageType>(number: number, kind: M): Field<Message<M>[]> => ({
  ...{ number, kind, rule: 'many' },
});
export const mapOf = <M extends MessageType>(number: number, kind: M): Field<Map<string, Message<M>>> => ({
  ...{ number, kind, rule: 'map', key: 'string' },
});
