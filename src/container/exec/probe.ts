import type { Duplex } from 'node:stream';
import type { ExecConfig } from '#api';
import { FrameDecoder } from '#api';
import type { Context } from '../context.ts';
import { keptOutput, probeCommand } from '../health.ts';
import type { Container } from '../record.ts';
import { commandOf, tellExec } from './create.ts';
import type { Exec } from './execs.ts';
import { run } from './start.ts';

/** What of a probe's output is read; the rest is thrown away. */
const READ_BYTES = 5000;
/** Docker: a probe that did not end in time. */
const TIMED_OUT = -1;

export interface ProbeResult {
  readonly exitCode: number;
  readonly output: string;
}

/** Runs a container's healthcheck once. Whatever goes wrong is a result, too. */
export async function probe(
  context: Context,
  container: Container,
  { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal },
): Promise<ProbeResult> {
  const { Healthcheck, Shell } = container.spec.config;
  const command = probeCommand(Healthcheck?.Test ?? [], Shell);
  if (!command) return { exitCode: TIMED_OUT, output: `Unknown probe type ${Healthcheck?.Test?.[0] ?? ''}` };
  const exec = context.execs.add(container.id, execConfig(command), undefined);
  tellExec(context, container, { exec, action: `exec_create: ${commandOf(exec.config)}` });
  try {
    return await watched(context, container, { exec, timeoutMs, signal });
  } catch (error) {
    context.execs.end(exec.id, TIMED_OUT);
    return { exitCode: TIMED_OUT, output: (error as Error).message };
  }
}

async function watched(
  context: Context,
  container: Container,
  { exec, timeoutMs, signal }: { exec: Exec; timeoutMs: number; signal: AbortSignal },
): Promise<ProbeResult> {
  const live = await context.runtime.attachExec(container.id, exec.id, { stdin: false, stdout: true, stderr: true });
  const output = collect(live);
  try {
    exec.status = 'running';
    await run(context, container, { exec, options: {} });
    const exitCode = await endOrTimeout(exec, { timeoutMs, signal });
    if (exitCode !== undefined) {
      await output.ended;
      return { exitCode, output: keptOutput(output.bytes()) };
    }
    const soFar = keptOutput(output.bytes());
    return { exitCode: TIMED_OUT, output: `Health check exceeded timeout (${seconds(timeoutMs)}): ${soFar}` };
  } finally {
    live.destroy();
  }
}

/** The exit code; undefined after the timeout, when the process has been killed. */
async function endOrTimeout(
  exec: Exec,
  { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal },
): Promise<number | undefined> {
  const { promise: late, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => {
    killProcess(exec.pid);
    resolve(undefined);
  }, timeoutMs);
  const gone = () => resolve(undefined);
  signal.addEventListener('abort', gone, { once: true });
  try {
    return await Promise.race([exec.ended, late]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', gone);
  }
}

function killProcess(pid: number): void {
  if (pid <= 1) return;
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function collect(live: Duplex): { bytes: () => Buffer; ended: Promise<void> } {
  const decoder = new FrameDecoder();
  const parts: Uint8Array[] = [];
  let length = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  live.on('data', (chunk: Buffer) => {
    for (const { data } of decoder.push(chunk)) {
      if (length < READ_BYTES) parts.push(data);
      length += data.length;
    }
  });
  live
    .on('error', () => resolve())
    .on('end', resolve)
    .on('close', resolve);
  return { bytes: () => Buffer.concat(parts), ended: promise };
}

function execConfig(command: string[]): ExecConfig {
  return {
    User: '',
    Privileged: false,
    Tty: false,
    AttachStdin: false,
    AttachStderr: true,
    AttachStdout: true,
    DetachKeys: '',
    Env: null,
    WorkingDir: '',
    Cmd: command,
  };
}

/** As Go prints a duration of whole milliseconds: `3s`, `1m30s`, `500ms`. */
function seconds(ms: number): string {
  if (ms < 1000) return `${ms}ms`;
  const minutes = Math.floor(ms / 60_000);
  const rest = (ms % 60_000) / 1000;
  const hours = Math.floor(minutes / 60);
  return `${hours > 0 ? `${hours}h` : ''}${minutes > 0 ? `${minutes % 60}m` : ''}${rest}s`;
}
