import { constants } from 'node:os';

const NAMES = new Map<number, string>(Object.entries(constants.errno).map(([name, number]) => [number, name]));

/** A failed system call, in the shape of Node's own: `{ syscall, code, errno, path? }`, errno positive. */
export class SystemError extends Error {
  readonly syscall: string;
  readonly code: string;
  readonly errno: number;
  readonly path: string | undefined;

  constructor(syscall: string, errno: number, path?: string) {
    const code = NAMES.get(errno) ?? `E${errno}`;
    super(`${syscall}${path === undefined ? '' : ` ${path}`}: ${code}`);
    this.name = 'SystemError';
    this.syscall = syscall;
    this.code = code;
    this.errno = errno;
    this.path = path;
  }
}

/** Whether this is an error of the kernel (ours or Node's own) with one of these codes. */
export function isErrno(error: unknown, ...codes: string[]): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && codes.includes(error.code as string);
}
