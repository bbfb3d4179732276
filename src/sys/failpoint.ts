import { appendFileSync, readFileSync } from 'node:fs';

/**
 * Failpoints for the crash tests. GANTRY_FAILPOINT arms one name: `name` kills the process there at the first pass,
 * `name=3` at the third. GANTRY_FAILPOINT_TRACE names a file that gets one line per pass.
 */
const [armed, count] = (process.env.GANTRY_FAILPOINT ?? '').split('=');
const trace = process.env.GANTRY_FAILPOINT_TRACE;
let left = Number(count ?? 1);

/** Marks the point just after an effect, named `<module>.<verb>.<step>`. A no-op unless armed: then the process dies. */
export function failpoint(name: string): void {
  if (trace) appendFileSync(trace, `${name}\n`);
  if (armed !== name || --left > 0) return;
  process.kill(process.pid, 'SIGKILL');
  // The signal is delivered before the next instruction of this thread only by luck: spin until it is.
  for (;;) readFileSync('/proc/self/stat');
}
