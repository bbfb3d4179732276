const POWERS = 'kmgtp';

/** A size as Docker reads it: `10m`, `1.5 GiB`, `512`; undefined when it is none. */
export function parseBytes(text: string): number | undefined {
  const [, digits, unit = ''] = /^(\d+(?:\.\d+)?) ?([kmgtp])?(?:i?b)?$/i.exec(text) ?? [];
  if (digits === undefined) return undefined;
  return Math.floor(Number(digits) * 1024 ** (POWERS.indexOf(unit.toLowerCase() || ' ') + 1));
}
