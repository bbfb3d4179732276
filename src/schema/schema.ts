/** The Go type that a value decodes into; its name appears in Docker's messages. */
export type Schema<T = unknown> = Readonly<Shape> & { readonly __type?: T };

export type Shape =
  | { kind: 'string' | 'bool' | 'any'; go: string }
  | { kind: 'int'; go: string; min: bigint; max: bigint }
  | { kind: 'float'; go: string }
  | { kind: 'array'; go: string; item: Schema }
  | { kind: 'tuple'; go: string; item: Schema; length: number }
  | { kind: 'map'; go: string; item: Schema }
  | { kind: 'nullable'; go: string; item: Schema }
  | { kind: 'optional'; go: string; item: Schema }
  | { kind: 'words'; go: string }
  | { kind: 'object'; go: string; fields: Readonly<Record<string, Schema>>; lower: Map<string, string>; label: string };

declare const OPTIONAL: unique symbol;
/** A field that Go marks `omitempty`: absent after decoding when it is missing or has its zero value. */
export type Optional<T> = Schema<T> & { readonly [OPTIONAL]: true };

/** The TypeScript type of a decoded value. */
export type Infer<S> = S extends Schema<infer T> ? T : never;

type Fields = Readonly<Record<string, Schema>>;
type OptionalKeys<F extends Fields> = { [K in keyof F]: F[K] extends Optional<unknown> ? K : never }[keyof F];
type Flat<T> = { [K in keyof T]: T[K] };
type InferFields<F extends Fields> = Flat<
  { [K in Exclude<keyof F, OptionalKeys<F>>]: Infer<F[K]> } & { [K in OptionalKeys<F>]?: NonNullable<Infer<F[K]>> }
>;

/** A Go string; absent is ''. */
export const string = (go = 'string'): Schema<string> => ({ kind: 'string', go });
/** A Go bool; absent is false. */
export const bool = (): Schema<boolean> => ({ kind: 'bool', go: 'bool' });
/** Any JSON value, kept as it is (`interface {}`); absent is null. */
export const any = (): Schema<unknown> => ({ kind: 'any', go: 'interface {}' });
/** A Go float64; absent is 0. */
export const float64 = (): Schema<number> => ({ kind: 'float', go: 'float64' });

const int = (go: string, min: bigint, max: bigint): Schema<number> => ({ kind: 'int', go, min, max });
/** A Go int64 under the name of its Go type (`int`, `time.Duration`); values beyond 2^53 lose their last digits. */
export const int64 = (go = 'int64') => int(go, -(2n ** 63n), 2n ** 63n - 1n);
export const uint64 = (go = 'uint64') => int(go, 0n, 2n ** 64n - 1n);
export const uint32 = (go = 'uint32') => int(go, 0n, 2n ** 32n - 1n);
export const uint16 = (go = 'uint16') => int(go, 0n, 2n ** 16n - 1n);

/** A Go slice; absent is null, which is not the empty slice. */
export const array = <S extends Schema>(item: S, go = `[]${item.go}`): Schema<Infer<S>[] | null> => ({
  kind: 'array',
  go,
  item,
});

/** A Go array of fixed length: short input is filled up, long input is cut. */
export const pair = <S extends Schema>(item: S): Schema<[Infer<S>, Infer<S>]> => ({
  kind: 'tuple',
  go: `[2]${item.go}`,
  item,
  length: 2,
});

/** A Go map with string keys; absent is null, which is not the empty map. */
export const map = <S extends Schema>(
  item: S,
  go = `map[string]${item.go}`,
): Schema<Record<string, Infer<S>> | null> => ({
  kind: 'map',
  go,
  item,
});

/** A Go pointer; absent is null. */
export const nullable = <S extends Schema>(item: S): Schema<Infer<S> | null> => ({
  kind: 'nullable',
  go: item.go,
  item,
});

/** Marks a field `omitempty`. */
export const optional = <S extends Schema>(item: S): Optional<Infer<S>> =>
  ({ kind: 'optional', go: item.go, item }) as unknown as Optional<Infer<S>>;

/** A list of words for which Docker also accepts one string (`Cmd`, `Entrypoint`); absent is null. */
export const words = (go = '[]string'): Schema<string[] | null> => ({ kind: 'words', go });

/**
 * A Go struct of this name. Decoded values have every field that is not optional, in this order. `label` is what
 * messages about fields begin with: the name without its package.
 */
export const object = <F extends Fields>(
  go: string,
  fields: F,
  label = go.slice(go.lastIndexOf('.') + 1),
): Schema<InferFields<F>> => ({
  kind: 'object',
  go,
  label,
  fields,
  lower: new Map(Object.keys(fields).map((name) => [name.toLowerCase(), name])),
});
