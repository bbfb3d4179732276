import { invalid } from '#errdefs';
import type { Packing } from '#image';

/** How layers leave the engine. */
export interface Compression {
  /** Undefined: as they are. */
  readonly packing: Packing | undefined;
}

const LEVELS = { gzip: 9, zstd: 22 } as const;

/** Reads `compression` and `compression-level` of an exporter, whose words for what is wrong are BuildKit's. */
export function compressionOf(attributes: ReadonlyMap<string, string>, initial = 'gzip'): Compression {
  const kind = attributes.get('compression') || initial;
  if (kind === 'uncompressed') return { packing: undefined };
  if (kind !== 'gzip' && kind !== 'zstd') throw invalid(`unsupported compression type ${kind}`);
  const text = attributes.get('compression-level');
  if (text === undefined) return { packing: { kind } };
  if (!/^-?\d+$/.test(text)) throw invalid(`non-integer value ${text} specified for compression-level`);
  return { packing: { kind, level: Math.min(Math.max(Number(text), kind === 'gzip' ? 0 : 1), LEVELS[kind]) } };
}

/** A setting that is true or false, as Go reads it. */
export function flagOf(attributes: ReadonlyMap<string, string>, name: string, initial: boolean): boolean {
  const text = attributes.get(name);
  if (text === undefined) return initial;
  if (/^(1|t|true|T|TRUE|True)$/.test(text)) return true;
  if (/^(0|f|false|F|FALSE|False)$/.test(text)) return false;
  throw invalid(`failed to parse ${name}: strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`);
}
