import { EngineError, internal, invalid } from '#errdefs';

const CANNOT_INVOKE = 126;
const NOT_FOUND = 127;
const OTHER = 128;
const ABSENT = ['executable file not found', 'no such file or directory', 'system cannot find the file specified'];
const HINT =
  ': Are you trying to mount a directory onto a file (or vice-versa)? Check if the specified host path exists and is the expected type';

export interface StartFailure {
  readonly error: Error;
  readonly exitCode: number;
}

/** The error and the exit code of a start that failed; both follow from the runtime's text, as Docker's do. */
export function startFailure(cause: unknown): StartFailure {
  const error = cause instanceof Error ? cause : new Error(String(cause));
  const text = error.message.toLowerCase();
  if (!text.includes('oci runtime') && !text.includes('failed to create task')) {
    return { error: error instanceof EngineError ? error : internal(error.message, error), exitCode: OTHER };
  }
  if (text.includes('permission denied')) return { error: invalid(error.message, error), exitCode: CANNOT_INVOKE };
  if (text.includes('not a directory')) {
    const message = error.message.endsWith(HINT) ? error.message : error.message + HINT;
    return { error: invalid(message, error), exitCode: NOT_FOUND };
  }
  if (ABSENT.some((words) => text.includes(words))) {
    return { error: invalid(error.message, error), exitCode: NOT_FOUND };
  }
  return { error: internal(error.message, error), exitCode: OTHER };
}
