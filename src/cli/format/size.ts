// Sizes in bytes: what people write and what Docker shows.

const binary: Record<string, number> = { '': 1, b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4, p: 1024 ** 5 };

/** Reads an amount of memory such as `512m` into bytes (units of 1024), as go-units does; throws with its text. */
export function parseBytes(text: string): number {
  // Up to the last digit, point or blank it is the number, what follows is the unit.
  const end = /[\d. ][^\d. ]*$/.exec(text)?.index ?? -1;
  const blank = text[end] === ' ';
  const number = text.slice(0, blank ? end : end + 1);
  if (!/^[+]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(number)) throw new Error(`invalid size: '${text}'`);
  const suffix = text.slice(end + 1).toLowerCase();
  const factor = /^([kmgtp](i?b)?|b?)$/.test(suffix) ? binary[suffix.slice(0, 1)] : undefined;
  if (factor === undefined) throw new Error(`invalid suffix: '${suffix}'`);
  return Math.trunc(Number(number) * factor);
}

const decimalUnits = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB', 'ZB', 'YB'];
const binaryUnits = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB', 'ZiB', 'YiB'];

/** A size in units of 1000 with so many significant digits, e.g. `1.98MB`. */
export function humanSize(bytes: number, digits = 4): string {
  return scaled(bytes, 1000, decimalUnits, digits);
}

/** A size in units of 1024, e.g. `23.54GiB`. */
export function bytesSize(bytes: number): string {
  return scaled(bytes, 1024, binaryUnits, 4);
}

function scaled(bytes: number, base: number, units: string[], digits: number): string {
  let size = bytes;
  let unit = 0;
  while (size >= base && unit < units.length - 1) {
    size /= base;
    unit += 1;
  }
  return significant(size, digits) + units[unit];
}

/** Go's %.*g: so many significant digits, no trailing zeros, an exponent when the number has more digits than that. */
function significant(value: number, digits: number): string {
  const precise = value.toPrecision(digits);
  if (!precise.includes('e')) return precise.includes('.') ? precise.replace(/\.?0+$/, '') : precise;
  const [mantissa, power] = precise.split('e') as [string, string];
  const short = mantissa.includes('.') ? mantissa.replace(/\.?0+$/, '') : mantissa;
  return `${short}e${power[0]}${power.slice(1).padStart(2, '0')}`;
}
