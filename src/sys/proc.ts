import { readFileSync } from 'node:fs';
import { isErrno } from './system-error.ts';

let boot: string | undefined;

/** This boot's id (/proc/sys/kernel/random/boot_id): with a pid and its start time it names one process for ever. */
export function bootId(): string {
  boot ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return boot;
}

/** Start time of a process in clock ticks since boot (proc(5), stat field 22); undefined when there is none. */
export function processStartTime(pid: number): number | undefined {
  try {
    // For UTF-8 alone Node reads without a buffer of 64 KiB.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command (field 2) may hold spaces and parentheses: count from the last one.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : Number(fields[19]);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH')) return undefined;
    throw error;
  }
}
