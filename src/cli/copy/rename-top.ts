const SLASH = Buffer.from('/');

/** The name of an entry below another top: `old` is what the names begin with now. */
export function underTop(name: Buffer, old: string, next: string): Buffer {
  if (old === '/') return Buffer.concat([Buffer.from(next), name[0] === 0x2f ? name : Buffer.concat([SLASH, name])]);
  const prefix = Buffer.from(old);
  const begins = name.length >= prefix.length && name.subarray(0, prefix.length).equals(prefix);
  const ends = name.length === prefix.length || name[prefix.length] === 0x2f;
  return begins && ends ? Buffer.concat([Buffer.from(next), name.subarray(prefix.length)]) : name;
}
