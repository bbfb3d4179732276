import type { HealthResult, HealthStatus } from './container.ts';

/** What a container suffers from, as a word that programs can rely on. */
export type WhyCode =
  | 'out-of-memory'
  | 'command-not-found'
  | 'command-not-executable'
  | 'missing-library'
  | 'missing-folder'
  | 'missing-user'
  | 'missing-device'
  | 'port-taken'
  | 'mount-failed'
  | 'peer-down'
  | 'start-failed'
  | 'disk-full'
  | 'read-only'
  | 'seccomp'
  | 'not-permitted'
  | 'unhealthy'
  | 'restart-loop'
  | 'paused'
  | 'killed-by-signal'
  | 'stopped'
  | 'exit-code'
  | 'finished'
  | 'never-started'
  | 'runs';

/** One thing that is found, in words, with what it was found by. */
export interface WhyFinding {
  Code: WhyCode;
  Summary: string;
  Evidence: string[];
  /** What helps; empty: nothing to be done. */
  Remedy: string;
}

/** How one life ended, or why one did not begin. Times are RFC 3339 with ns. */
export interface WhyEnd {
  /** Empty: it did not start. */
  StartedAt: string;
  FinishedAt: string;
  ExitCode: number;
  OOMKilled: boolean;
  /** A user had it stopped or killed. */
  Stopped: boolean;
  /** Why it did not start. */
  Error: string;
}

/** The answer of `GET /gantry/containers/{name}/why`. */
export interface WhyReport {
  Id: string;
  Name: string;
  Image: string;
  Status: string;
  StartedAt: string;
  FinishedAt: string;
  ExitCode: number;
  /** The most telling first; never empty. */
  Findings: WhyFinding[];
  /** The newest first, a few at most. */
  Ends: WhyEnd[];
  /** Null without healthcheck. */
  Health: { Status: HealthStatus; FailingStreak: number; Last: HealthResult | null } | null;
  Restart: {
    /** As `--restart` takes it. */
    Policy: string;
    Count: number;
    /** Null: no restart is due. */
    NextAt: string | null;
  };
  /** What it waits for now, in words. */
  WaitsFor: string[];
  /** The last lines of the last life. */
  Log: string[];
}
