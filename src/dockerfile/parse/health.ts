import { parseDuration } from '#template/duration';
import { goQuote } from '#template/quote';
import type { HealthSettings } from '../ast.ts';
import { refuse } from '../dockerfile-error.ts';
import { parseInt32 } from '../go-values.ts';
import { FLAGS } from './flag-table.ts';
import type { Flags } from './flags.ts';
import { parseFlags } from './flags.ts';
import type { Statement } from './statement.ts';

const SHORTEST_NS = 1e6;
const UNSET = { Interval: 0, Timeout: 0, StartPeriod: 0, StartInterval: 0, Retries: 0 };

export function healthSettings({ args, flags: given, isJson }: Statement): HealthSettings {
  if (args.length === 0) refuse('HEALTHCHECK requires at least one argument');
  const type = args[0]!.toUpperCase();
  const command = args.slice(1);
  if (type === 'NONE') {
    if (command.length > 0) refuse('HEALTHCHECK NONE takes no arguments');
    return { Test: ['NONE'], ...UNSET };
  }
  const flags = parseFlags(given, FLAGS.HEALTHCHECK);
  if (type !== 'CMD') refuse(`Unknown type ${goQuote(type)} in HEALTHCHECK (try CMD)`);
  if (command.length === 0) refuse('Missing command after HEALTHCHECK CMD');
  return {
    Test: isJson ? ['CMD', ...command] : ['CMD-SHELL', command.join(' ')],
    Interval: interval(flags, 'interval'),
    Timeout: interval(flags, 'timeout'),
    StartPeriod: interval(flags, 'start-period'),
    StartInterval: interval(flags, 'start-interval'),
    Retries: retries(flags.text('retries')),
  };
}

function interval(flags: Flags, name: string): number {
  const text = flags.text(name);
  const duration = text === '' ? 0 : durationOf(text);
  if (duration !== 0 && duration < SHORTEST_NS) refuse(`Interval ${goQuote(name)} cannot be less than 1ms`);
  return duration;
}

function durationOf(text: string): number {
  try {
    return parseDuration(text);
  } catch (error) {
    return refuse((error as Error).message);
  }
}

function retries(text: string): number {
  const count = text === '' ? 0 : parseInt32(text);
  if (count < 0) refuse(`--retries cannot be negative (${count})`);
  return count;
}
