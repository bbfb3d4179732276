import { readdirSync, readFileSync } from 'node:fs';

/** Open descriptors of a process. */
export const fdCount = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length;

/** Resident memory of a process in bytes; 0 of one that is ending. */
export function residentBytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
}

/** Waits until the process has at most so many descriptors open; answers with how many it has in the end. */
export async function settledFds(pid: number, most: number): Promise<number> {
  const last = Date.now() + 15_000;
  while (fdCount(pid) > most && Date.now() < last) await new Promise((wake) => setTimeout(wake, 50));
  return fdCount(pid);
}
