import type { RestartPolicy } from '#api';
import { invalid } from '#errdefs';

const FIRST_BACK_OFF_MS = 100;
const LONGEST_BACK_OFF_MS = 60_000;
/** A life at least this long starts the back-off anew. */
const STEADY_MS = 10_000;

/** One end of a container, as the policy sees it. */
export interface Ending {
  readonly exitCode: number;
  /** How long it ran, in ms. */
  readonly uptimeMs: number;
  /** Restarts so far. */
  readonly restartCount: number;
  /** The last wait before a restart, in ms; 0 when there was none. */
  readonly backOffMs: number;
  /** Stopped, killed or restarted by the user. */
  readonly manuallyStopped: boolean;
}

/** The wait before the next start in ms; undefined: it stays down. */
export function restartAfter(policy: RestartPolicy, ending: Ending): number | undefined {
  if (ending.manuallyStopped || !wants(policy, ending)) return undefined;
  if (ending.backOffMs === 0 || ending.uptimeMs >= STEADY_MS) return FIRST_BACK_OFF_MS;
  return Math.min(ending.backOffMs * 2, LONGEST_BACK_OFF_MS);
}

function wants({ Name, MaximumRetryCount }: RestartPolicy, { exitCode, restartCount }: Ending): boolean {
  switch (Name) {
    case 'always':
    case 'unless-stopped':
      return true;
    case 'on-failure':
      return exitCode !== 0 && (MaximumRetryCount === 0 || restartCount < MaximumRetryCount);
    default:
      return false;
  }
}

/**
 * Whether a container found down is to be started when the daemon comes up after the host did. `unless-stopped` respects
 * a manual stop, `always` does not, `on-failure` goes by the exit code.
 */
export function startsAtBoot(policy: RestartPolicy, last: { exitCode: number; manuallyStopped: boolean }): boolean {
  switch (policy.Name) {
    case 'always':
      return true;
    case 'unless-stopped':
      return !last.manuallyStopped;
    case 'on-failure':
      return !last.manuallyStopped && last.exitCode !== 0;
    default:
      return false;
  }
}

/** Refuses an unknown policy or a count that does not belong to it. */
export function assertRestartPolicy({ Name, MaximumRetryCount }: RestartPolicy): void {
  if (!['', 'no', 'always', 'on-failure', 'unless-stopped'].includes(Name)) {
    throw invalid(
      `invalid restart policy: unknown policy '${Name}'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'`,
    );
  }
  if (MaximumRetryCount < 0) throw invalid('invalid restart policy: maximum retry count cannot be negative');
  if (MaximumRetryCount > 0 && Name !== 'on-failure') {
    throw invalid("invalid restart policy: maximum retry count can only be used with 'on-failure'");
  }
}
