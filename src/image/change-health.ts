import type { HealthConfig } from '#api';
import { invalid } from '#errdefs';
import { jsonWords, splitWords } from './change-words.ts';
import { parseDuration } from './filter.ts';

const DURATIONS: Readonly<Record<string, keyof HealthConfig>> = {
  interval: 'Interval',
  timeout: 'Timeout',
  'start-period': 'StartPeriod',
  'start-interval': 'StartInterval',
};
const SHORTEST_NS = 1_000_000n;

/** The config of a `HEALTHCHECK` instruction; Docker's messages. */
export function healthcheck(rest: string): Partial<HealthConfig> {
  const { flags, text } = takeFlags(rest);
  const [, type = '', probe = ''] = /^(\S+)\s*(.*)$/s.exec(text) ?? [];
  if (type === '') throw invalid('HEALTHCHECK requires at least one argument');
  const kind = type.toUpperCase();
  if (kind === 'NONE') {
    if (probe !== '') throw invalid('HEALTHCHECK NONE takes no arguments');
    return { Test: ['NONE'] };
  }
  if (kind !== 'CMD') throw invalid(`Unknown type ${JSON.stringify(kind)} in HEALTHCHECK (try CMD)`);
  const words = jsonWords(probe);
  if (words ? words.length === 0 : probe === '') throw invalid('Missing command after HEALTHCHECK CMD');
  return { Test: words ? ['CMD', ...words] : ['CMD-SHELL', probe], ...settings(flags) };
}

function takeFlags(rest: string): { flags: Map<string, string>; text: string } {
  const flags = new Map<string, string>();
  let text = rest;
  for (;;) {
    const flag = splitWords(text)[0];
    if (!flag?.startsWith('--')) return { flags, text };
    text = text.slice(text.indexOf(flag) + flag.length).trimStart();
    if (flag === '--') return { flags, text };
    const [, name = '', value] = /^--([^=]*)(?:=(.*))?$/s.exec(flag)!;
    if (!Object.hasOwn(DURATIONS, name) && name !== 'retries') throw invalid(`unknown flag: --${name}`);
    if (flags.has(name)) throw invalid(`duplicate flag specified: --${name}`);
    if (value === undefined || value === '') throw invalid(`missing a value on flag: --${name}`);
    flags.set(name, value);
  }
}

function settings(flags: ReadonlyMap<string, string>): Partial<HealthConfig> {
  const config: Partial<Record<keyof HealthConfig, number>> = {};
  for (const [name, value] of flags) {
    const field = DURATIONS[name];
    const number = field ? interval(name, value) : retries(value);
    if (number !== 0) config[field ?? 'Retries'] = number;
  }
  return config as Partial<HealthConfig>;
}

function interval(name: string, text: string): number {
  const duration = parseDuration(text);
  if (duration === undefined) throw invalid(`time: invalid duration ${JSON.stringify(text)}`);
  if (duration !== 0n && duration < SHORTEST_NS) {
    throw invalid(`Interval ${JSON.stringify(name)} cannot be less than 1ms`);
  }
  return Number(duration);
}

function retries(text: string): number {
  if (!/^[+-]?\d+$/.test(text)) throw invalid(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  const count = Number(text);
  if (count < 0) throw invalid(`--retries cannot be negative (${count})`);
  if (count >= 2 ** 31) throw invalid(`strconv.ParseInt: parsing ${JSON.stringify(text)}: value out of range`);
  return count;
}
