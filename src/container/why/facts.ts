import type { Container } from '../record.ts';

/** How a life ended, or why it did not begin. */
export interface End {
  /** Empty: it did not start. */
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly exitCode: number;
  readonly oomKilled: boolean;
  /** By a user, with stop or kill. */
  readonly stopped: boolean;
  readonly error: string;
}

/** Who has a port that a start did not get. */
export interface PortHold {
  readonly protocol: string;
  readonly hostPort: number;
  /** In words: `container web`, `process nginx (pid 7)`. Undefined: nobody any more. */
  readonly holder: string | undefined;
}

/** All that a diagnosis is made from. */
export interface Facts {
  readonly container: Container;
  /** The newest first. */
  readonly ends: readonly End[];
  /** What the last life wrote last, line by line. */
  readonly log: readonly string[];
  readonly ports: readonly PortHold[];
  /** Of the file system of the data root: free and total bytes. */
  readonly disk: { readonly path: string; readonly free: number; readonly size: number };
  /** Ms since the epoch. */
  readonly restartAt: number | undefined;
  /** Whether the container's seccomp profile denies a system call of this name. */
  denies(syscall: string): boolean;
}
