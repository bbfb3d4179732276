import type { ErrorKind } from '#errdefs';
import { EngineError } from '#errdefs';

/** The codes of the distribution specification (and of Docker's registry), their texts and their status. */
const CODES = {
  BLOB_UNKNOWN: [404, 'blob unknown to registry'],
  BLOB_UPLOAD_INVALID: [400, 'blob upload invalid'],
  BLOB_UPLOAD_UNKNOWN: [404, 'blob upload unknown to registry'],
  DENIED: [403, 'requested access to the resource is denied'],
  DIGEST_INVALID: [400, 'provided digest did not match uploaded content'],
  MANIFEST_BLOB_UNKNOWN: [400, 'blob unknown to registry'],
  MANIFEST_INVALID: [400, 'manifest invalid'],
  MANIFEST_UNKNOWN: [404, 'manifest unknown'],
  NAME_INVALID: [400, 'invalid repository name'],
  NAME_UNKNOWN: [404, 'repository name not known to registry'],
  PAGINATION_NUMBER_INVALID: [400, 'invalid number of results requested'],
  RANGE_INVALID: [416, 'invalid content range'],
  SIZE_INVALID: [400, 'provided length did not match content length'],
  TAG_INVALID: [400, 'manifest tag did not match URI'],
  TOOMANYREQUESTS: [429, 'too many requests'],
  UNAUTHORIZED: [401, 'authentication required'],
  UNAVAILABLE: [503, 'service unavailable'],
  UNKNOWN: [500, 'unknown error'],
  UNSUPPORTED: [405, 'The operation is unsupported.'],
} as const;

export type ErrorCode = keyof typeof CODES;

interface More {
  readonly message?: string;
  readonly detail?: unknown;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/** What a client is told, in the words of the specification. */
export class RegistryError extends Error {
  readonly code: ErrorCode;
  readonly status: number;
  readonly detail: unknown;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: ErrorCode, { message, detail, status, headers = {}, cause }: More = {}) {
    super(message ?? CODES[code][1], { cause });
    this.code = code;
    this.status = status ?? CODES[code][0];
    this.detail = detail;
    this.headers = headers;
  }

  body(): string {
    const detail = this.detail === undefined ? {} : { detail: this.detail };
    return `${JSON.stringify({ errors: [{ code: this.code, message: this.message, ...detail }] })}\n`;
  }
}

const KINDS: Readonly<Record<ErrorKind, readonly [code: ErrorCode, status: number]>> = {
  'invalid-argument': ['MANIFEST_INVALID', 400],
  'not-found': ['MANIFEST_UNKNOWN', 404],
  conflict: ['BLOB_UPLOAD_INVALID', 409],
  'not-modified': ['UNKNOWN', 304],
  unauthorized: ['UNAUTHORIZED', 401],
  forbidden: ['DENIED', 403],
  'too-many-requests': ['TOOMANYREQUESTS', 429],
  unavailable: ['UNAVAILABLE', 503],
  'not-implemented': ['UNSUPPORTED', 405],
  'out-of-space': ['UNAVAILABLE', 507],
  internal: ['UNKNOWN', 500],
};

/** Any failure as what the client is told; whatever is no {@link RegistryError} or {@link EngineError} stays inside. */
export function asRegistryError(error: unknown): RegistryError {
  for (let e = error; e instanceof Error; e = e.cause) {
    if (e instanceof RegistryError) return e;
    if (e instanceof EngineError) {
      const [code, status] = KINDS[e.kind];
      return new RegistryError(code, { message: e.message, status, cause: error });
    }
    if ((e as NodeJS.ErrnoException).code === 'ENOSPC' || (e as NodeJS.ErrnoException).code === 'EDQUOT') {
      return new RegistryError('UNAVAILABLE', { message: 'no space left in the registry', status: 507, cause: error });
    }
  }
  return new RegistryError('UNKNOWN', { cause: error });
}
