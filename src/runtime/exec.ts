import { rmSync, writeFileSync } from 'node:fs';
import { conflict, internal } from '#errdefs';
import type { OciProcess } from '#oci';
import { failpoint } from '#sys';
import { execCommand, waitsForSpec } from './command.ts';
import type { RuntimeContext } from './context.ts';
import { findRun, findRuntime } from './context.ts';
import { stringify } from './json.ts';
import { decodeStarted, MonitorError } from './monitor/messages.ts';
import type { Run } from './run.ts';
import { errnoText, execErrorText } from './start-error.ts';

const EXEC_MS = 30_000;
/** A runtime that waits is counted as a process of the container: not for long, and not many. */
const IDLE_MS = 500;
const PREPARED = 8;
const FILES = ['process', 'given', 'pid', 'log', 'json'];

export interface ExecRequest {
  /** Letters and digits. */
  readonly execId: string;
  readonly process: OciProcess;
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
}

export interface PrepareExecRequest extends Pick<ExecRequest, 'execId' | 'stdin'> {
  readonly tty: boolean;
}

/**
 * Loads the runtime for an exec that is likely to be started soon, where it can wait for what it is to start
 * (docs/adr/0008-runtime-waits-for-its-spec.md). Without effect where it cannot, or the monitor is of an earlier release.
 */
export function prepareExec(context: RuntimeContext, id: string, request: PrepareExecRequest) {
  const run = context.runs.get(id);
  const runtime = run && context.runtimes.get(run.record.runtime);
  if (!run?.link || run.exit || !runtime || !waitsForSpec(runtime) || run.prepared.size >= PREPARED) return;
  const { execId } = request;
  const isWaiting = run.link.request('prepare', fieldsOf(context, run, request), EXEC_MS).then(
    () => true,
    () => false,
  );
  failpoint('runtime.exec.prepared');
  const timer = setTimeout(() => void withdraw(run, execId), IDLE_MS).unref();
  run.prepared.set(execId, { isWaiting, timer });
}

async function withdraw(run: Run, execId: string): Promise<void> {
  const gone = run.link?.request('quit', [execId], EXEC_MS).catch(() => undefined);
  const isWaiting = Promise.resolve(gone).then(() => false);
  run.prepared.set(execId, { isWaiting, timer: undefined });
  await isWaiting;
  run.prepared.delete(execId);
}

/** Whether the runtime waits for this exec's process. */
async function takePrepared({ prepared }: Run, execId: string): Promise<boolean> {
  const entry = prepared.get(execId);
  if (!entry) return false;
  clearTimeout(entry.timer);
  prepared.delete(execId);
  return await entry.isWaiting;
}

/** Starts a further process. Attach before for all of its output: what nobody reads is lost, as Docker's. */
export async function exec(context: RuntimeContext, id: string, request: ExecRequest): Promise<{ pid: number }> {
  const { execId, process, stdin } = request;
  const run = findRun(context, id);
  if (!run.link || run.exit) throw conflict(`container ${id} is not running`);
  const file = (await takePrepared(run, execId)) ? 'given' : 'process';
  writeFileSync(`${run.directory}/exec-${execId}.${file}`, stringify(process), { mode: 0o600, flag: 'wx' });
  failpoint('runtime.exec.process-written');
  try {
    const answer = await run.link.request(
      'exec',
      fieldsOf(context, run, { execId, tty: process.terminal === true, stdin }),
      EXEC_MS,
    );
    failpoint('runtime.exec.started');
    return { pid: decodeStarted(answer.map(String)).pid };
  } catch (error) {
    forgetExec(run.directory, execId);
    throw error instanceof MonitorError ? explain(error, process) : error;
  }
}

function fieldsOf(context: RuntimeContext, run: Run, { execId, tty, stdin }: PrepareExecRequest) {
  const { id, directory, record } = run;
  const { manager, join } = record.cgroup;
  const command = execCommand(findRuntime(context, record.runtime), { manager, id, directory, tty }, execId);
  return [execId, `${tty ? 't' : ''}${stdin ? 'i' : ''}`, join, command];
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
