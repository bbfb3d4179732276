import { decodeList } from './protocol.ts';

/** How an own answer of the monitor says no: `kind` is `port`, `prepare`, `runtime`, `state`, `unknown` or `gone`. */
export class MonitorError extends Error {
  readonly kind: string;
  /** A kernel's number, the runtime's exit status for `runtime`; 0 without. */
  readonly number: number;

  constructor(kind: string, number: number, message: string) {
    super(message);
    this.name = 'MonitorError';
    this.kind = kind;
    this.number = number;
  }
}

export type Phase = 'created' | 'preparing' | 'ready' | 'starting' | 'running' | 'exited' | 'failed';

export interface MonitorStarted {
  readonly pid: number;
  /** Clock ticks since boot; 0 when the process was gone before it could be read. */
  readonly startTime: number;
  readonly startedAt: string;
}

export interface MonitorExit {
  readonly exitCode: number;
  /** 0: it exited by itself. */
  readonly signal: number;
  readonly oomKilled: boolean;
  readonly finishedAt: string;
}

/** One process that the monitor looks after. */
export interface MonitorSession {
  /** '' is the container itself. */
  readonly id: string;
  readonly phase: Phase;
  /** The waiting stub. */
  readonly stub: number;
  readonly started: MonitorStarted;
  readonly exit: MonitorExit;
  readonly failure: string;
  /** 0 when it is not known. */
  readonly failureNumber: number;
}

export interface MonitorState {
  readonly version: number;
  readonly container: MonitorSession;
  readonly execs: readonly MonitorSession[];
}

export type MonitorEvent =
  | { readonly type: 'ready'; readonly stub: number }
  | { readonly type: 'failed'; readonly errno: number; readonly text: string }
  | { readonly type: 'exit'; readonly id: string; readonly exit: MonitorExit }
  | { readonly type: 'oom'; readonly count: number };

export function decodeHello([version, sessions]: Buffer[]): MonitorState {
  const [container, ...execs] = decodeList(sessions!).map(decodeSession);
  return { version: Number(version), container: container!, execs };
}

function decodeSession(bytes: Buffer): MonitorSession {
  const fields = decodeList(bytes).map(String);
  return {
    id: fields[0]!,
    phase: fields[1] as Phase,
    stub: Number(fields[2]),
    started: decodeStarted(fields.slice(3, 6)),
    exit: decodeExit(fields.slice(6, 10)),
    failure: fields[10]!,
    failureNumber: Number(fields[11] ?? 0),
  };
}

export function decodeStarted([pid, startTime, startedAt]: readonly string[]): MonitorStarted {
  return { pid: Number(pid), startTime: Number(startTime), startedAt: startedAt! };
}

function decodeExit([exitCode, signal, oomKilled, finishedAt]: readonly string[]): MonitorExit {
  return {
    exitCode: Number(exitCode),
    signal: Number(signal),
    oomKilled: oomKilled === '1',
    finishedAt: finishedAt!,
  };
}

/** An event; undefined for one that a later monitor may know. */
export function decodeEvent(verb: string, fields: readonly Buffer[]): MonitorEvent | undefined {
  const words = fields.map(String);
  switch (verb) {
    case 'ready':
      return { type: 'ready', stub: Number(words[0]) };
    case 'failed':
      return { type: 'failed', errno: Number(words[0]), text: words[1]! };
    case 'exit':
      return { type: 'exit', id: words[0]!, exit: decodeExit(words.slice(1)) };
    case 'oom':
      return { type: 'oom', count: Number(words[0]) };
    default:
      return undefined;
  }
}
