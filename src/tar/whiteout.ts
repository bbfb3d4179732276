const PREFIX = Buffer.from('.wh.');
const META_PREFIX = Buffer.from('.wh..wh.');
const OPAQUE = Buffer.from('.wh..wh..opq');

/**
 * What the last component of a layer's entry asks for: `remove` hides a name of the layers below, `opaque` all that the
 * layers below have in this directory, `ignored` is bookkeeping of aufs; undefined is an ordinary entry.
 */
export type Whiteout = { kind: 'remove'; name: Buffer } | { kind: 'opaque' } | { kind: 'ignored' };

export function whiteoutOf(base: Buffer): Whiteout | undefined {
  if (base[0] !== 0x2e || base[1] !== 0x77 || !startsWith(base, PREFIX)) return undefined;
  if (base.equals(OPAQUE)) return { kind: 'opaque' };
  if (startsWith(base, META_PREFIX)) return { kind: 'ignored' };
  const name = base.subarray(PREFIX.length);
  const reserved = name.length === 0 || name.equals(Buffer.from('.')) || name.equals(Buffer.from('..'));
  return reserved ? { kind: 'ignored' } : { kind: 'remove', name };
}

/** Whether a cleaned path lies in a folder of aufs at the root of the layer (its hard links): nothing of an image. */
export function isAufsPath(path: Buffer): boolean {
  return path[0] === 0x2e && startsWith(path, META_PREFIX) && !path.equals(OPAQUE);
}

/** The name of the entry that hides `name` in the layers below. */
export function whiteoutName(name: Buffer): Buffer {
  return Buffer.concat([PREFIX, name]);
}

/** The name of the entry that hides everything in its directory in the layers below. */
export const OPAQUE_NAME: Buffer = OPAQUE;

function startsWith(name: Buffer, prefix: Buffer): boolean {
  return name.length >= prefix.length && name.compare(prefix, 0, prefix.length, 0, prefix.length) === 0;
}
