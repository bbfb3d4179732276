import type { HostConfig } from '#api';
import { invalid } from '#errdefs';

type LogConfig = HostConfig['LogConfig'];

const COMMON = ['mode', 'max-buffer-size'];
const TAGS = ['tag', 'labels', 'labels-regex', 'env', 'env-regex'];
const SIZES = ['max-size', 'max-file', 'compress'];
const OPTIONS: Readonly<Record<string, readonly string[] | undefined>> = {
  'json-file': [...SIZES, ...TAGS],
  local: SIZES,
};

/** Refuses an unknown driver or option. `none` takes any option, as Docker's does. */
export function assertLogConfig({ Type, Config }: LogConfig): void {
  const driver = Type || 'json-file';
  if (driver === 'none') return;
  const known = OPTIONS[driver];
  if (!known) throw invalid(`error looking up logging plugin ${driver}: plugin "${driver}" not found`);
  const mode = Config?.mode;
  if (mode && !['blocking', 'non-blocking'].includes(mode))
    throw invalid(`logger: logging mode not supported: ${mode}`);
  for (const option of Object.keys(Config ?? {})) {
    if (!known.includes(option) && !COMMON.includes(option)) {
      throw invalid(`unknown log opt '${option}' for ${driver} log driver`);
    }
  }
}

/** How much a log file may hold and how many files there are. */
export interface LogLimits {
  /** Bytes; -1 = no limit. */
  readonly maxSize: number;
  readonly maxFile: number;
}

/** The limits of a container's log: its own options, else the daemon's defaults (bounded, unlike Docker's). */
export function logLimits({ Config }: LogConfig, defaults: Readonly<Record<string, string>>): LogLimits {
  const own = Config ?? {};
  const size = own['max-size'] ?? defaults['max-size'] ?? '-1';
  const files = own['max-file'] ?? defaults['max-file'] ?? '1';
  return { maxSize: parseSize(size), maxFile: parseCount(files) };
}

const UNITS = ['b', 'k', 'm', 'g', 't', 'p'];

function parseSize(text: string): number {
  if (text === '-1') return -1;
  const match = /^(\d+(?:\.\d+)?)\s*([bkmgtp]?)i?b?$/i.exec(text);
  if (!match || Number(match[1]) <= 0) throw invalid(`invalid value for max-size: ${text}`);
  return Math.floor(Number(match[1]) * 1024 ** Math.max(0, UNITS.indexOf(match[2]!.toLowerCase())));
}

function parseCount(text: string): number {
  const count = /^\d+$/.test(text) ? Number(text) : 0;
  if (count < 1) throw invalid('max-file cannot be less than 1');
  return count;
}
