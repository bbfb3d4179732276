import { sprint, toJson } from './print.ts';
import { goQuote } from './quote.ts';
import type { Value } from './value.ts';
import { typeName } from './value.ts';

const verbs = /%([-+# 0]*)(\*|\d+)?(?:\.(\*|\d+)?)?([a-zA-Z%])/g;

const LARGE = 1_000_000;

/** Go's fmt.Sprintf for the verbs that templates use: v s q d b o x X t c U f e g T. */
export function sprintf(format: string, args: Value[]): string {
  let used = 0;
  const next = () => args[used++];
  const [usable, rest] = cutAtHuge(format);
  const text = usable.replace(verbs, (whole: string, flags: string, width: string, precision: string, verb: string) => {
    if (verb === '%') return '%';
    const columns = width === '*' ? starred(next()) : Number(width ?? 0);
    const digits = precision === '*' ? starred(next()) : precision === undefined ? undefined : Number(precision);
    const dotted = whole.includes('.') ? (digits ?? 0) : undefined;
    if (used >= args.length) return `%!${verb}(MISSING)`;
    return pad(formatOne(verb, next(), flags, dotted), columns, flags);
  });
  if (used >= args.length) return text + rest;
  const extra = args.slice(used).map((value) => `${typeName(value)}=${sprint(value)}`);
  return `${text}${rest}%!(EXTRA ${extra.join(', ')})`;
}

/** Go gives up at a width or precision that is far too large: what follows is no verb. */
function cutAtHuge(format: string): [string, string] {
  for (const { index, 2: width = '', 3: precision = '' } of format.matchAll(verbs)) {
    if ([width, precision].some((digits) => Number(digits.slice(0, -1)) > LARGE)) {
      return [format.slice(0, index), '%!(NOVERB)'];
    }
  }
  return [format, ''];
}

/** One that an argument gives; Go ignores what is too large. */
function starred(value: Value): number {
  const number = Number(value);
  return Math.abs(number) > LARGE ? 0 : number;
}

function pad(text: string, width: number, flags: string): string {
  const missing = width - [...text].length;
  if (missing <= 0) return text;
  if (flags.includes('-')) return text + ' '.repeat(missing);
  if (!flags.includes('0')) return ' '.repeat(missing) + text;
  const sign = /^[+-]/.exec(text)?.[0] ?? '';
  return sign + '0'.repeat(missing) + text.slice(sign.length);
}

function formatOne(verb: string, value: Value, flags: string, precision: number | undefined): string {
  if (verb === 'v') return flags.includes('#') ? toJson(value) : sprint(value);
  if (verb === 'T') return typeName(value);
  if (typeof value === 'string') return formatString(verb, value, precision);
  if (typeof value === 'boolean') return verb === 't' ? String(value) : bad(verb, value);
  if (typeof value === 'number' || typeof value === 'bigint') return formatNumber(verb, value, flags, precision);
  if (verb === 's' || verb === 'd') return sprint(value);
  if (verb === 'q' && Array.isArray(value)) return `[${value.map((item) => goQuote(sprint(item))).join(' ')}]`;
  return bad(verb, value);
}

function formatString(verb: string, value: string, precision: number | undefined): string {
  const cut = precision === undefined ? value : [...value].slice(0, precision).join('');
  if (verb === 's') return cut;
  if (verb === 'q') return goQuote(cut);
  if (verb === 'x') return Buffer.from(cut).toString('hex');
  if (verb === 'X') return Buffer.from(cut).toString('hex').toUpperCase();
  return bad(verb, value);
}

const radixes: Record<string, number> = { d: 10, b: 2, o: 8, x: 16, X: 16 };

function formatNumber(verb: string, value: number | bigint, flags: string, precision: number | undefined): string {
  const plus = flags.includes('+') && value >= 0 ? '+' : '';
  const radix = radixes[verb];
  if (radix !== undefined && (typeof value === 'bigint' || Number.isInteger(value))) {
    const digits = value.toString(radix);
    return plus + (verb === 'X' ? digits.toUpperCase() : digits);
  }
  if (verb === 'c') return character(value);
  if (verb === 'U') return `U+${value.toString(16).toUpperCase().padStart(4, '0')}`;
  if (verb === 'q') return `'${character(value)}'`;
  if (verb === 'f' || verb === 'F') return plus + Number(value).toFixed(precision ?? 6);
  if (verb === 'e') return plus + exponent(Number(value).toExponential(precision ?? 6));
  if (verb === 'g')
    return plus + exponent(precision === undefined ? String(value) : Number(value).toPrecision(precision));
  return bad(verb, value);
}

/** Go: what is no character is shown as the replacement for one. */
function character(value: number | bigint): string {
  const code = Number(value);
  return Number.isInteger(code) && code >= 0 && code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd';
}

function exponent(text: string): string {
  return text.replace(/e([+-])(\d)$/, 'e$10$2');
}

function bad(verb: string, value: Value): string {
  return `%!${verb}(${typeName(value)}=${sprint(value)})`;
}
