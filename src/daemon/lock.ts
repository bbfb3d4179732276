import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { flockExclusive, isErrno } from '#sys';
import { ConfigError } from './config-file.ts';

/**
 * Makes the data root and takes its lock, which lasts as long as this process: two engines never share one. The pid
 * file is only information; a stale one stops nobody.
 */
export function lockDataRoot(dataRoot: string): Disposable {
  mkdirSync(dataRoot, { recursive: true, mode: 0o710 });
  const path = join(dataRoot, 'lock');
  const fd = openSync(path, 'w', 0o600);
  try {
    flockExclusive(fd, path);
  } catch (error) {
    closeSync(fd);
    if (isErrno(error, 'EWOULDBLOCK', 'EAGAIN'))
      throw new ConfigError(`another gantryd runs on the data root ${dataRoot}`);
    throw error;
  }
  return { [Symbol.dispose]: () => closeSync(fd) };
}

/** Writes this process's pid to a file; disposing removes it if it is still ours. */
export function writePidfile(path: string): Disposable {
  const pid = `${process.pid}\n`;
  writeFileSync(path, pid);
  return {
    [Symbol.dispose]: () => {
      if (readPidfile(path) === process.pid) rmSync(path, { force: true });
    },
  };
}

/** The pid that a pid file names, if there is one. */
export function readPidfile(path: string): number | undefined {
  try {
    return Number(readFileSync(path, 'utf8')) || undefined;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}
