import type { ExecStartRequest } from '#api';
import { DEFAULT_DETACH_KEYS, DetachScanner, encodeFrame } from '#api';
import { deadline } from '#async';
import { conflict, EngineError, internal, invalid } from '#errdefs';
import { failpoint } from '#sys';
import type { Context } from '../context.ts';
import type { Container } from '../record.ts';
import { Session } from '../session.ts';
import { startFailure } from '../start-failure.ts';
import { assertExecutable, commandOf, processOf, tellExec } from './create.ts';
import type { Exec } from './execs.ts';

const START_MS = 30_000;

/** Starts an exec and joins the client to it. Later faults come in the stream, as the answer's head is out by then. */
export async function startExec(context: Context, exec: Exec, options: ExecStartRequest): Promise<Session> {
  const container = claim(context, exec);
  const { AttachStdin: stdin, AttachStdout: stdout, AttachStderr: stderr, Tty } = exec.config;
  const live = await context.runtime.attachExec(container.id, exec.id, { stdin, stdout, stderr, direct: true });
  failpoint('container.exec.attached');
  const fault = run(context, container, { exec, options }).then(
    () => undefined,
    (error: Error) => {
      live.destroy();
      return error;
    },
  );
  return new Session({
    live,
    listening: fault,
    scanner: scannerFor(exec),
    onDetach: () => tellExec(context, container, { exec, action: 'exec_detach' }),
    epilogue: async () => {
      const error = await fault;
      if (error) return faultBytes(error, Tty);
      await exec.ended;
      return undefined;
    },
  });
}

/** Starts an exec that nobody watches; resolves when it runs. */
export async function startDetached(context: Context, exec: Exec, options: ExecStartRequest): Promise<void> {
  await run(context, claim(context, exec), { exec, options });
}

/** The container, after the exec has been taken for this start. */
function claim({ rows }: Context, exec: Exec): Container {
  if (exec.status === 'running') throw conflict(`exec command ${exec.id} is already running`);
  if (exec.status === 'ended') throw conflict(`exec command ${exec.id} has already run`);
  const container = rows.get(rows.resolve(exec.containerId))!;
  assertExecutable(container, container.name);
  exec.status = 'running';
  return container;
}

/** Starts the process; when it cannot be, the exec ends with Docker's exit code and the error is thrown. */
export async function run(
  context: Context,
  container: Container,
  { exec, options }: { exec: Exec; options: Partial<ExecStartRequest> },
): Promise<void> {
  tellExec(context, container, { exec, action: `exec_start: ${commandOf(exec.config)}` });
  failpoint('container.exec.told');
  try {
    const config = options.ConsoleSize ? { ...exec.config, ConsoleSize: options.ConsoleSize } : exec.config;
    const { Tty: tty, AttachStdin: stdin, AttachStdout: stdout, AttachStderr: stderr } = config;
    if (config.WorkingDir && !config.WorkingDir.startsWith('/')) {
      throw internal('OCI runtime exec failed: exec failed: Cwd must be an absolute path');
    }
    const process = await processOf(context, container, config);
    const { pid } = await deadline(
      context.runtime.exec(container.id, { execId: exec.id, process, tty, stdin, stdout, stderr }),
      START_MS,
      'the runtime did not start the process in time',
    );
    exec.pid = pid;
    failpoint('container.exec.started');
  } catch (cause) {
    const { error, exitCode } = execFailure(cause);
    context.execs.end(exec.id, exitCode);
    throw error;
  }
}

function execFailure(cause: unknown): { error: Error; exitCode: number } {
  const { error, exitCode } = startFailure(cause);
  if (cause instanceof EngineError && exitCode === 128 && cause.kind === 'internal') return { error, exitCode: 126 };
  return { error: exitCode === 128 ? error : invalid(error.message, cause), exitCode };
}

function scannerFor({ config, detachKeys }: Exec): DetachScanner | undefined {
  const keys = detachKeys ?? (config.Tty ? DEFAULT_DETACH_KEYS : undefined);
  return config.AttachStdin && keys?.length ? new DetachScanner(keys) : undefined;
}

/** Docker tells a start that failed in the output. */
function faultBytes(error: Error, tty: boolean): Uint8Array {
  const bytes = Buffer.from(`${error.message}\r\n`);
  return tty ? bytes : encodeFrame('stdout', bytes);
}
