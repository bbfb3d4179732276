/**
 * Shapes as data: a small builder whose types are inferred, and a decoder that behaves as Go's `encoding/json` does
 * (case-insensitive keys, null = absent, unknown fields ignored, zero values filled in, Go's messages), because that is
 * the contract that Docker's clients rely on. Pure; no dependency.
 */

export { decode, zero } from './decode.ts';
export type { JsonSchema } from './json-schema.ts';
export { toJsonSchema } from './json-schema.ts';
export type { Infer, Optional, Schema } from './schema.ts';
export {
  any,
  array,
  bool,
  float64,
  int64,
  map,
  nullable,
  object,
  optional,
  pair,
  string,
  uint16,
  uint32,
  uint64,
  words,
} from './schema.ts';
export { syntaxError } from './syntax.ts';
