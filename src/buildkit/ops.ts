import { bytes, int32, many, manyBytes, mapOf, message, of, string, stringMap } from '#protobuf';

/** What of `pb` (the low-level build graph) others refer to. */
export const Platform = message({ architecture: string(1), os: string(2), variant: string(3), osVersion: string(4) });

/** A graph; what its operations are is not looked into. */
export const Definition = message({ def: manyBytes(1), metadata: mapOf(2, message({})) });

export const SourceInfo = message({
  filename: string(1),
  data: bytes(2),
  definition: of(3, Definition),
  language: string(4),
});

const Position = message({ line: int32(1), character: int32(2) });
export const Range = message({ start: of(1, Position), end: of(2, Position) });

const Input = message({ digest: string(1) });
const SourceOp = message({ identifier: string(1), attrs: stringMap(2) });
export const Op = message({ inputs: many(1, Input), source: of(3, SourceOp), platform: of(10, Platform) });
