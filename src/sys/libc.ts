import koffi from 'koffi';
import { SystemError } from './system-error.ts';

const libc = koffi.load('libc.so.6');

/** A C function that returns −1 (or a negative number) and sets errno on failure. */
export type CFunction = (...args: unknown[]) => number;

/** Declares a libc function by its C prototype, e.g. `int close(int fd)`; see koffi's documentation for types. */
export function declare(prototype: string): CFunction {
  return libc.func(prototype) as unknown as CFunction;
}

/** Loads another library; the result declares its functions by prototype. Throws when it is not installed. */
export function loadLibrary(name: string): (prototype: string) => (...args: unknown[]) => unknown {
  const library = koffi.load(name);
  return (prototype) => library.func(prototype) as unknown as (...args: unknown[]) => unknown;
}

/** Calls a C function and throws {@link SystemError} when it returns a negative number. `path` is for the message. */
export function call(name: string, fn: CFunction, args: readonly unknown[], path?: string): number {
  const result = fn(...args);
  if (result < 0) throw new SystemError(name, koffi.errno(), path);
  return result;
}

/** As {@link call}, in a thread of libuv's pool: for calls that wait. */
export function callInPool(name: string, fn: CFunction, args: readonly unknown[], path?: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const slow = fn as unknown as { async(...args: unknown[]): void };
    slow.async(...args, (error: Error | null, result: number) => {
      if (error) reject(error);
      else if (result < 0) reject(new SystemError(name, koffi.errno(), path));
      else resolve(result);
    });
  });
}

const close = declare('int close(int fd)');

/** Closes a file descriptor; an already closed one is EBADF (close(2)). */
export function closeFd(fd: number): void {
  call('close', close, [fd]);
}
