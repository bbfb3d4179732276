import type { Health, HealthConfig, HealthResult } from '#api';

export type { Health };

const SECOND = 1_000_000_000;
const KEPT_RESULTS = 5;
const KEPT_BYTES = 4096;

/** The timings of a healthcheck in ms, Docker's defaults filled in. */
export interface HealthTimings {
  readonly interval: number;
  readonly timeout: number;
  readonly startPeriod: number;
  readonly startInterval: number;
  readonly retries: number;
}

/** Whether there is something to probe: `NONE` and an empty test are nothing. */
export function isProbed(config: HealthConfig | null | undefined): config is HealthConfig & { Test: string[] } {
  const kind = config?.Test?.[0];
  return kind !== undefined && kind !== 'NONE';
}

export function timings(config: HealthConfig): HealthTimings {
  const ms = (value: number | undefined, fallback: number) => (value || fallback) / 1_000_000;
  return {
    interval: ms(config.Interval, 30 * SECOND),
    timeout: ms(config.Timeout, 30 * SECOND),
    startPeriod: (config.StartPeriod ?? 0) / 1_000_000,
    startInterval: ms(config.StartInterval, 5 * SECOND),
    retries: config.Retries || 3,
  };
}

/** The command of a probe; undefined for a kind that Docker does not know. */
export function probeCommand(
  test: readonly string[],
  shell: readonly string[] | null | undefined,
): string[] | undefined {
  const [kind, ...words] = test;
  if (kind === 'CMD') return words;
  if (kind === 'CMD-SHELL') return [...(shell?.length ? shell : ['/bin/sh', '-c']), ...words];
  return undefined;
}

/** The health of a life that has just begun; undefined without healthcheck. */
export function freshHealth(config: HealthConfig | null | undefined): Health | undefined {
  return isProbed(config) ? { Status: 'starting', FailingStreak: 0, Log: [] } : undefined;
}

/** What follows from one more result. Failures in the start period count only once a probe has succeeded. */
export function judge(
  before: Health,
  result: HealthResult,
  { retries, inStartPeriod }: { retries: number; inStartPeriod: boolean },
): Health {
  const Log = [...(before.Log ?? []), result].slice(-KEPT_RESULTS);
  if (result.ExitCode === 0) return { Status: 'healthy', FailingStreak: 0, Log };
  if (inStartPeriod && before.Status === 'starting') return { ...before, Log };
  const FailingStreak = before.FailingStreak + 1;
  return { Status: FailingStreak >= retries ? 'unhealthy' : before.Status, FailingStreak, Log };
}

/** The output of a probe, cut to what is kept. */
export function keptOutput(output: Buffer): string {
  return output.length > KEPT_BYTES ? `${output.toString('utf8', 0, KEPT_BYTES)}...` : output.toString('utf8');
}
