import { readFileSync } from 'node:fs';

/** Reads a file of the user's; the error is worded as Go words it. */
export function readUserFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw goFileError(error as NodeJS.ErrnoException, path);
  }
}

const words: Record<string, string> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  EISDIR: 'is a directory',
  ENOTDIR: 'not a directory',
  EEXIST: 'file exists',
};

/** A file error as Go prints it: `open PATH: no such file or directory`. */
export function goFileError(error: NodeJS.ErrnoException, path: string): Error {
  const syscall = error.code === 'EISDIR' ? 'read' : (error.syscall ?? 'open');
  return new Error(`${syscall} ${path}: ${words[error.code ?? ''] ?? error.message}`, { cause: error });
}

/** The lines of `--env-file` and `--label-file`; a name without a value is looked up, where that can be, and left out when unknown. */
export function readKeyValueFile(path: string, lookUp?: (name: string) => string | undefined): string[] {
  const result: string[] = [];
  const lines = readLines(path)
    .replace(/^\uFEFF/, '')
    .split('\n');
  for (const raw of lines) {
    const line = raw.replace(/\r$/, '').trimStart();
    if (line === '' || line.startsWith('#')) continue;
    const at = line.indexOf('=');
    const name = at < 0 ? line : line.slice(0, at);
    const fail = (why: string) => {
      // Docker: it speaks of an env file even where the file holds labels.
      throw new Error(`invalid env file (${path}): ${why}`);
    };
    if (name === '') fail(`no variable name on line '${line}'`);
    if (/\s/.test(name)) fail(`variable '${name}' contains whitespaces`);
    if (at >= 0) result.push(line);
    else if (lookUp) {
      const value = lookUp(name);
      if (value !== undefined) result.push(`${name}=${value}`);
    }
  }
  return result;
}

function readLines(path: string): string {
  try {
    return readUserFile(path);
  } catch (error) {
    const { message } = error as Error;
    throw message.startsWith('read ') ? new Error(`invalid env file (${path}): ${message}`) : error;
  }
}
