import { parseNano } from '#api';

/** One piece of output: a line, or a part of a long one. */
export interface LogEntry {
  readonly stream: 'stdout' | 'stderr';
  readonly text: string;
  /** Ns since the epoch. */
  readonly time: bigint;
  readonly attributes: Readonly<Record<string, string>>;
}

interface Line {
  log?: string;
  stream?: string;
  time?: string;
  attrs?: Record<string, string>;
}

/** Reads one line of a json-file log; a torn or foreign one is undefined. */
export function parseEntry(line: string): LogEntry | undefined {
  let value: Line;
  try {
    value = JSON.parse(line) as Line;
  } catch {
    return undefined;
  }
  const time = typeof value?.time === 'string' ? parseNano(value.time) : undefined;
  if (time === undefined || typeof value.log !== 'string') return undefined;
  return {
    stream: value.stream === 'stderr' ? 'stderr' : 'stdout',
    text: value.log,
    time,
    attributes: value.attrs ?? {},
  };
}
