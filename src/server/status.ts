import type { ErrorKind } from '#errdefs';
import { EngineError } from '#errdefs';

const STATUS: Readonly<Record<ErrorKind, number>> = {
  'invalid-argument': 400,
  'not-found': 404,
  conflict: 409,
  'not-modified': 304,
  unauthorized: 401,
  forbidden: 403,
  'too-many-requests': 429,
  unavailable: 503,
  'not-implemented': 501,
  'out-of-space': 500,
  internal: 500,
};

/** What a client is told of an error. `isBug` when it is none that a user should ever see. */
export interface Failure {
  readonly status: number;
  readonly message: string;
  readonly isBug: boolean;
}

/** The kind of the outermost {@link EngineError} on the chain of causes decides; anything else is a bug. */
export function failureOf(error: unknown): Failure {
  const message = error instanceof Error ? error.message : String(error);
  for (let e = error; e instanceof Error; e = e.cause) {
    if (e instanceof EngineError) return { status: STATUS[e.kind], message, isBug: false };
  }
  return { status: 500, message, isBug: true };
}
