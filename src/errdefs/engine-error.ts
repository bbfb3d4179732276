export type ErrorKind =
  | 'invalid-argument'
  | 'not-found'
  | 'conflict'
  | 'not-modified'
  | 'unauthorized'
  | 'forbidden'
  | 'too-many-requests'
  | 'unavailable'
  | 'not-implemented'
  | 'out-of-space'
  | 'internal';

/** An error whose message is meant for the user: Docker's text where Docker has one, else one that quotes the name. */
export class EngineError extends Error {
  readonly kind: ErrorKind;

  constructor(kind: ErrorKind, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'EngineError';
    this.kind = kind;
  }
}

/** Whether the outermost {@link EngineError} on the chain of causes is of this kind. */
export function isKind(error: unknown, kind: ErrorKind): error is EngineError {
  for (let e = error; e instanceof Error; e = e.cause) if (e instanceof EngineError) return e.kind === kind;
  return false;
}

const of = (kind: ErrorKind) => (message: string, cause?: unknown) => new EngineError(kind, message, cause);

export const invalid = of('invalid-argument');
export const notFound = of('not-found');
export const conflict = of('conflict');
export const notModified = of('not-modified');
export const unauthorized = of('unauthorized');
export const forbidden = of('forbidden');
export const unavailable = of('unavailable');
export const notImplemented = of('not-implemented');
export const outOfSpace = of('out-of-space');
export const internal = of('internal');
