const UNITS = 'kmgtp';

/** A size such as `64m` or `1.5GiB` in bytes, as go-units reads RAM sizes; undefined when it is none. */
export function parseBytes(text: string): number | undefined {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?|\.\d+) ?(?:([kKmMgGtTpP])?(?:i?[bB])?)?$/.exec(text) ?? [];
  if (number === undefined) return undefined;
  const size = Number(number) * 1024 ** (unit === '' ? 0 : UNITS.indexOf(unit.toLowerCase()) + 1);
  return Number.isFinite(size) ? Math.trunc(size) : undefined;
}
