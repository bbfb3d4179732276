import { destination, pino, stdTimeFunctions } from 'pino';
import { TextLines } from './text-lines.ts';

export type LogFields = Readonly<Record<string, unknown>>;
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
/** JSON lines, or Docker's `time=… level=… msg=… key=value`. */
export type LogFormat = 'json' | 'text';

export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A log whose lines carry these fields too. */
  child(fields: LogFields): Log;
}

const SECRETS = ['password', 'auth', 'identitytoken', 'registrytoken', 'authorization', '*.password', '*.auth'];

interface Sink {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  child(fields: LogFields): Sink;
}

/** A log whose level can be changed while it is written. */
export interface RootLog extends Log {
  setLevel(level: LogLevel): void;
}

/** A log on standard error; errors in fields named `error` are written with their stack and causes. */
export function createLog(level: LogLevel, format: LogFormat = 'json'): RootLog {
  const raw = pino(
    {
      level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      redact: { paths: SECRETS, censor: '[redacted]' },
      serializers: { error: describe },
      formatters: { level: (label) => ({ level: label }) },
    },
    format === 'text' ? new TextLines() : destination({ fd: 2, sync: true }),
  );
  // A child keeps the level that it was made with: it must be told too.
  const all = new Set<{ level: string }>([raw]);
  return {
    ...wrap(raw as unknown as Sink, (child) => all.add(child)),
    setLevel: (to) => {
      for (const sink of all) sink.level = to;
    },
  };
}

/** A log that keeps nothing, for callers without an operator. */
export const nullLog: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => nullLog };

function wrap(sink: Sink, onChild: (child: Sink & { level: string }) => void = () => {}): Log {
  return {
    debug: (message, fields = {}) => sink.debug(fields, message),
    info: (message, fields = {}) => sink.info(fields, message),
    warn: (message, fields = {}) => sink.warn(fields, message),
    error: (message, fields = {}) => sink.error(fields, message),
    child: (fields) => {
      const child = sink.child(fields) as Sink & { level: string };
      onChild(child);
      return wrap(child, onChild);
    },
  };
}

function describe(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const cause = error.cause === undefined ? {} : { cause: describe(error.cause) };
  return { message: error.message, stack: error.stack, ...cause };
}
