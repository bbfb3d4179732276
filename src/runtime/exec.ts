import { rmSync, writeFileSync } from 'node:fs';
import { conflict, internal } from '#errdefs';
import type { OciProcess } from '#oci';
import { failpoint } from '#sys';
import { execCommand } from './command.ts';
import type { RuntimeContext } from './context.ts';
import { findRun, findRuntime } from './context.ts';
import { stringify } from './json.ts';
import { decodeStarted, MonitorError } from './monitor/messages.ts';
import { errnoText, execErrorText } from './start-error.ts';

const EXEC_MS = 30_000;
const FILES = ['process', 'pid', 'log', 'json'];

export interface ExecRequest {
  /** Letters and digits. */
  readonly execId: string;
  readonly process: OciProcess;
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
}

/** Starts a further process. Attach before for all of its output: what nobody reads is lost, as Docker's. */
export async function exec(context: RuntimeContext, id: string, request: ExecRequest): Promise<{ pid: number }> {
  const { execId, process, stdin } = request;
  const run = findRun(context, id);
  if (!run.link || run.exit) throw conflict(`container ${id} is not running`);
  writeFileSync(`${run.directory}/exec-${execId}.process`, stringify(process), { mode: 0o600 });
  failpoint('runtime.exec.process-written');
  const tty = process.terminal === true;
  const { manager, join } = run.record.cgroup;
  const command = execCommand(
    findRuntime(context, run.record.runtime),
    { manager, id, directory: run.directory, tty },
    execId,
  );
  try {
    const flags = `${tty ? 't' : ''}${stdin ? 'i' : ''}`;
    const answer = await run.link.request('exec', [execId, flags, join, command], EXEC_MS);
    failpoint('runtime.exec.started');
    return { pid: decodeStarted(answer.map(String)).pid };
  } catch (error) {
    forgetExec(run.directory, execId);
    throw error instanceof MonitorError ? explain(error, process) : error;
  }
}

/** Removes an exec's files, small ones on a tmpfs, once its exit is known. */
export function forgetExec(directory: string, execId: string): void {
  for (const kind of FILES) rmSync(`${directory}/exec-${execId}.${kind}`, { force: true });
  failpoint('runtime.exec.forgotten');
}

function explain(error: MonitorError, process: OciProcess): Error {
  const { kind, number, message } = error;
  if (kind === 'runtime') return internal(execErrorText(message, process), error);
  return internal(`OCI runtime exec failed: ${message}${number > 0 ? `: ${errnoText(number)}` : ''}`, error);
}
