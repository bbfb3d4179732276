import type { ExecFileException } from 'node:child_process';
import { execFile } from 'node:child_process';
import { internal } from '#errdefs';
import { isErrno } from '#sys';
import { listPids } from './cgroup/tree.ts';
import type { RuntimeContext } from './context.ts';
import { findRun } from './context.ts';

const PS_MS = 10_000;
const OUTPUT_BYTES = 16 * 1024 * 1024;

/** What the host's `ps` says, and which of the processes are the container's. */
export interface ProcessTable {
  readonly pids: readonly number[];
  readonly output: string;
}

/** Runs `ps` with these words on the processes of a container, of its execs too. Throws ps's own complaint. */
export async function listProcesses(
  context: RuntimeContext,
  id: string,
  words: readonly string[],
): Promise<ProcessTable> {
  const pids = listPids(findRun(context, id).record.cgroup);
  // Docker: some options cannot be combined with a choice of pids; then all are listed, and the others passed over.
  const output = await ps([...words, `-q${pids.join(',')}`]).catch(() => ps(words));
  return { pids, output };
}

function ps(words: readonly string[]): Promise<string> {
  const options = { timeout: PS_MS, maxBuffer: OUTPUT_BYTES, killSignal: 'SIGKILL' } as const;
  return new Promise((resolve, reject) => {
    execFile('ps', words, options, (error, stdout, stderr) =>
      error ? reject(explain(error, stderr)) : resolve(stdout),
    );
  });
}

function explain(error: ExecFileException, stderr: string): Error {
  if (isErrno(error, 'ENOENT')) {
    return internal('ps: exec: "ps": executable file not found in $PATH (Debian has it in the package procps)', error);
  }
  if (error.killed) return internal('ps: it did not answer in time', error);
  const [line = ''] = stderr.split('\n');
  return internal(`ps: ${line || `exit status ${error.code}`}`, error);
}
