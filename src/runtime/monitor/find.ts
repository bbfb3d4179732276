import { readdirSync, readFileSync } from 'node:fs';
import { isErrno, processStartTime, signalProcess } from '#sys';

const SIGKILL = 9;

/** A process that bears the name of an exec root in its command line. */
export interface Found {
  readonly pid: number;
  readonly startTime: number;
  /** The container of a monitor or of its stub; undefined: it is a spawner. */
  readonly id: string | undefined;
}

/** All spawners, monitors and stubs of an exec root, whoever started them: for start-up, it reads all of /proc. */
export function findMonitors(execRoot: string): Found[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => look(Number(name), execRoot));
}

/** Kills what was found; gone is as good. */
export function killFound(found: readonly Found[]): void {
  for (const process of found) {
    try {
      signalProcess(process, SIGKILL);
    } catch (error) {
      if (!isErrno(error, 'ESRCH')) throw error;
    }
  }
}

function look(pid: number, execRoot: string): Found[] {
  let words: string[];
  try {
    words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return []; // It ended meanwhile.
  }
  const [, kind = '', root, id = ''] = words;
  if (root !== execRoot || !/^--(spawner|monitor)$/.test(kind)) return [];
  const startTime = processStartTime(pid);
  return startTime === undefined ? [] : [{ pid, startTime, id: kind === '--monitor' ? id.trim() : undefined }];
}
