import type { ExecInspect } from '#api';
import type { Exec } from './execs.ts';

/** What the API tells of an exec; the exit code is null until it has ended. */
export function inspectExec({ id, containerId, config, status, exitCode, pid }: Exec): ExecInspect {
  const [entrypoint = '', ...args] = config.Cmd ?? [];
  return {
    ID: id,
    Running: status === 'running',
    ExitCode: exitCode,
    ProcessConfig: {
      tty: config.Tty,
      entrypoint,
      arguments: args,
      privileged: config.Privileged,
      ...(config.User ? { user: config.User } : {}),
    },
    OpenStdin: config.AttachStdin,
    OpenStderr: config.AttachStderr,
    OpenStdout: config.AttachStdout,
    CanRemove: false,
    ContainerID: containerId,
    DetachKeys: config.DetachKeys,
    Pid: pid,
  };
}
