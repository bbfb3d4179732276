import { getSystemErrorMessage } from 'node:util';
import { EngineError, internal, notFound, outOfSpace } from '#errdefs';

/** Where libuv has other words than the C library. */
const WORDS: Readonly<Record<string, string>> = {
  ELOOP: 'too many levels of symbolic links',
  EBUSY: 'device or resource busy',
  ENOTEMPTY: 'directory not empty',
  EEXIST: 'file exists',
  EACCES: 'permission denied',
  ENAMETOOLONG: 'file name too long',
};

/** Does what tells its failures as Docker does: `<call> <path>: <reason>`. What does not exist is not-found. */
export async function inGoWords<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof EngineError ? error : translate(error as NodeJS.ErrnoException);
  }
}

function translate(error: NodeJS.ErrnoException): Error {
  const { code, syscall, path, errno } = error;
  if (!code || !syscall) return error;
  const reason = WORDS[code] ?? getSystemErrorMessage(-Math.abs(errno ?? 0));
  const message = path ? `${syscall} ${path.startsWith('/') ? path : `/${path}`}: ${reason}` : `${syscall}: ${reason}`;
  if (code === 'ENOENT') return notFound(message, error);
  return code === 'ENOSPC' || code === 'EDQUOT' ? outOfSpace(message, error) : internal(message, error);
}
