import { StatusError } from '../status-error.ts';

/** An error of `run` or `create` with the advice that Docker adds. */
export function withHelp(program: string, path: string, error: unknown, code: number): StatusError {
  const message = error instanceof Error ? error.message : String(error);
  return new StatusError(`${program}: ${message}\n\nRun '${path} --help' for more information`, code);
}

/** The exit code for a container that could not be started: 127 not found, 126 not executable, else 125. */
export function startFailureCode(message: string): number {
  if (/executable file not found|no such file or directory|system cannot find the file specified/.test(message))
    return 127;
  return /permission denied|is a directory/.test(message) ? 126 : 125;
}

/** Runs what may fail because of how the command was called, with Docker's advice on failure. */
export function attempt<T>(program: string, path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw withHelp(program, path, error, 125);
  }
}
