const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
const LENGTH = 20;

/**
 * The directory of a layer: the first 100 bits of its chain id in base 32. Short, so that the names of 128 layers fit
 * into the one page of options that mount(2) takes; long enough that nobody finds two chains of one name.
 */
export function layerName(chainId: string): string {
  const hex = /^sha256:([0-9a-f]{64})$/.exec(chainId)?.[1];
  if (!hex) throw new TypeError(`not a chain id: ${chainId}`);
  const bits = BigInt(`0x${hex.slice(0, (LENGTH * 5) / 4)}`);
  let name = '';
  for (let i = LENGTH - 1; i >= 0; i--) name += ALPHABET[Number((bits >> BigInt(i * 5)) & 31n)];
  return name;
}

/** Whether a directory name could be a layer's. */
export function isLayerName(name: string): boolean {
  return name.length === LENGTH && /^[a-z2-7]+$/.test(name);
}
