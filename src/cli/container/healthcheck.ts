import type { FlagValues } from '../flags/flag-values.ts';

const durations = {
  interval: 'Interval',
  timeout: 'Timeout',
  'start-period': 'StartPeriod',
  'start-interval': 'StartInterval',
} as const;

/** The health check that the flags describe; undefined when they say nothing of it. */
export function healthcheck(flags: FlagValues): Record<string, unknown> | undefined {
  const names = Object.keys(durations) as (keyof typeof durations)[];
  const command = flags.text('health-cmd');
  const retries = flags.number('health-retries');
  const asked = command !== '' || retries !== 0 || names.some((name) => flags.number(`health-${name}`) !== 0);
  if (flags.bool('no-healthcheck')) {
    if (asked) throw new Error('--no-healthcheck conflicts with --health-* options');
    return { Test: ['NONE'] };
  }
  if (!asked) return undefined;
  const check: Record<string, unknown> = command === '' ? {} : { Test: ['CMD-SHELL', command] };
  for (const name of ['interval', 'timeout', 'retries', 'start-period', 'start-interval'] as const) {
    const value = flags.number(`health-${name}`);
    if (value < 0) throw new Error(`--health-${name} cannot be negative`);
    if (value > 0) check[name === 'retries' ? 'Retries' : durations[name]] = value;
  }
  return check;
}
