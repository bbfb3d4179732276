/**
 * The closed set of error kinds. Every error that a user can reach is an {@link EngineError}; each front door maps
 * kind to its own status in an exhaustive record. Anything else that is thrown is a bug.
 */

export type { ErrorKind } from './engine-error.ts';
export {
  conflict,
  EngineError,
  forbidden,
  internal,
  invalid,
  isKind,
  notFound,
  notImplemented,
  notModified,
  outOfSpace,
  unauthorized,
  unavailable,
} from './engine-error.ts';
