import type { ErrorKind } from '#errdefs';
import { EngineError } from '#errdefs';
import { parseChallenges } from './challenge.ts';

/** A registry's refusal, or no conversation with it at all. The message is Docker's. */
export class RegistryError extends EngineError {
  /** The answer's status; 0 when there was none. */
  readonly status: number;
  /** The registry's own code (`MANIFEST_UNKNOWN`); '' when it gave none. */
  readonly code: string;

  constructor(message: string, about: { status?: number; code?: string; kind?: ErrorKind } = {}, cause?: unknown) {
    super(about.kind ?? 'internal', message, cause);
    this.status = about.status ?? 0;
    this.code = about.code ?? '';
  }
}

/** The codes of the distribution specification, with the texts that stand for a missing message. */
const CODES: Readonly<Record<string, string>> = {
  UNAUTHORIZED: 'authentication required',
  DENIED: 'requested access to the resource is denied',
  TOOMANYREQUESTS: 'too many requests',
  UNSUPPORTED: 'The operation is unsupported.',
  UNAVAILABLE: 'service unavailable',
  MANIFEST_UNKNOWN: 'manifest unknown',
  MANIFEST_INVALID: 'manifest invalid',
  MANIFEST_BLOB_UNKNOWN: 'blob unknown to registry',
  MANIFEST_UNVERIFIED: 'manifest failed signature verification',
  NAME_UNKNOWN: 'repository name not known to registry',
  NAME_INVALID: 'invalid repository name',
  TAG_INVALID: 'manifest tag did not match URI',
  BLOB_UNKNOWN: 'blob unknown to registry',
  BLOB_UPLOAD_UNKNOWN: 'blob upload unknown to registry',
  BLOB_UPLOAD_INVALID: 'blob upload invalid',
  DIGEST_INVALID: 'provided digest did not match uploaded content',
  SIZE_INVALID: 'provided length did not match content length',
  UNKNOWN: 'unknown error',
};

const KINDS: Readonly<Record<string, ErrorKind>> = {
  UNAUTHORIZED: 'unauthorized',
  DENIED: 'forbidden',
  TOOMANYREQUESTS: 'too-many-requests',
  UNAVAILABLE: 'unavailable',
  MANIFEST_UNKNOWN: 'not-found',
  NAME_UNKNOWN: 'not-found',
  BLOB_UNKNOWN: 'not-found',
  BLOB_UPLOAD_UNKNOWN: 'not-found',
  NAME_INVALID: 'invalid-argument',
  TAG_INVALID: 'invalid-argument',
  DIGEST_INVALID: 'invalid-argument',
  MANIFEST_INVALID: 'invalid-argument',
  SIZE_INVALID: 'invalid-argument',
};

const TEXT_LIMIT = 400;

/** What an answer of 400 and above says, in Docker's words. `body` is its beginning. */
export function refusal(
  { status, statusText, headers }: { status: number; statusText: string; headers: Readonly<Record<string, unknown>> },
  body: string,
): RegistryError {
  if (status >= 500) {
    return new RegistryError(`received unexpected HTTP status: ${status} ${statusText}`, { status });
  }
  const challenge = parseChallenges(headers['www-authenticate'] as string | undefined).find(
    ({ scheme, parameters }) => scheme === 'bearer' && parameters.has('error'),
  );
  const denial = challenge?.parameters.get('error');
  const code = denial === 'invalid_token' ? 'UNAUTHORIZED' : denial === 'insufficient_scope' ? 'DENIED' : undefined;
  if (code) return coded(code, challenge!.parameters.get('error_description') || CODES[code]!, status);
  return fromBody(status, body);
}

function coded(code: string, message: string, status: number): RegistryError {
  return new RegistryError(`${wordsOf(code)}: ${message}`, { status, code, ...kindOf(code) });
}

const kindOf = (code: string) => (KINDS[code] ? { kind: KINDS[code] } : {});

/** Docker: a code that its registry did not explain is told alone, and is not translated further. */
function bare(code: string, status: number): RegistryError {
  return new RegistryError(wordsOf(code), { status, ...kindOf(code) });
}

const wordsOf = (code: string): string => code.toLowerCase().replaceAll('_', ' ');

function fromBody(status: number, body: string): RegistryError {
  const document = parse(body);
  const errors = (document as { errors?: unknown } | undefined)?.errors;
  const first = Array.isArray(errors) ? (errors[0] as Record<string, unknown> | undefined) : undefined;
  if (first && typeof first === 'object') {
    const given = typeof first['code'] === 'string' ? first['code'] : 'UNKNOWN';
    const code = /^[A-Z_]{1,64}$/.test(given) ? given : 'UNKNOWN';
    const message = typeof first['message'] === 'string' ? first['message'].slice(0, TEXT_LIMIT) : '';
    const detail = first['detail'];
    if ((detail === undefined || detail === null) && (message === '' || message === CODES[code]))
      return bare(code, status);
    return coded(code, message || CODES[code] || CODES['UNKNOWN']!, status);
  }
  const details = (document as { details?: unknown } | undefined)?.details;
  if (typeof details === 'string' && details !== '') {
    const code = status === 401 ? 'UNAUTHORIZED' : status === 403 ? 'DENIED' : status === 429 ? 'TOOMANYREQUESTS' : '';
    if (code) return coded(code, details.slice(0, TEXT_LIMIT), status);
  }
  if (status === 401) return bare('UNAUTHORIZED', status);
  if (status === 403) return bare('DENIED', status);
  if (status === 429) return bare('TOOMANYREQUESTS', status);
  return new RegistryError(`unknown: ${body.slice(0, TEXT_LIMIT).trim() || 'unknown error'}`, { status });
}

function parse(body: string): unknown {
  try {
    const value = JSON.parse(body) as unknown;
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

const UNKNOWN_AUTHORITY = 'tls: failed to verify certificate: x509: certificate signed by unknown authority';
const PLAIN = 'http: server gave HTTP response to HTTPS client';

/** Go's words for what goes wrong between two hosts. */
const WORDS: Readonly<Record<string, string>> = {
  ECONNRESET: 'read: connection reset by peer',
  EPIPE: 'write: broken pipe',
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_AUTHORITY,
  DEPTH_ZERO_SELF_SIGNED_CERT: UNKNOWN_AUTHORITY,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_AUTHORITY,
  CERT_HAS_EXPIRED: 'tls: failed to verify certificate: x509: certificate has expired or is not yet valid',
  ERR_SSL_WRONG_VERSION_NUMBER: PLAIN,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: PLAIN,
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'remote error: tls: certificate required',
};

const DIAL: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connect: connection refused',
  ETIMEDOUT: 'i/o timeout',
  EHOSTUNREACH: 'connect: no route to host',
  ENETUNREACH: 'connect: network is unreachable',
};

/** What a failed request is told as: `Get "https://host/v2/": dial tcp …`. */
export function requestFailure(method: string, url: URL, error: unknown): RegistryError {
  if (error instanceof RegistryError && error.status > 0) return error;
  const verb = method.charAt(0) + method.slice(1).toLowerCase();
  return new RegistryError(`${verb} "${shownUrl(url)}": ${reasonOf(url, error)}`, {}, error);
}

/** A URL without what may be secret. */
export function shownUrl(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}

function reasonOf(url: URL, error: unknown): string {
  const { code = '', message } = error as NodeJS.ErrnoException;
  if (code === 'ENOTFOUND') return `dial tcp: lookup ${url.hostname}: no such host`;
  if (code === 'EAI_AGAIN') return `dial tcp: lookup ${url.hostname}: server misbehaving`;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return `tls: failed to verify certificate: x509: certificate is not valid for ${url.hostname}`;
  }
  const { address, port } = error as { address?: string; port?: number };
  const dial = DIAL[code];
  if (dial) {
    const host = address?.includes(':') ? `[${address}]` : (address ?? url.hostname);
    return `dial tcp ${host}:${port ?? (url.port || (url.protocol === 'https:' ? 443 : 80))}: ${dial}`;
  }
  if (code === 'EPROTO' && /wrong version number|packet length too long/.test(message)) return PLAIN;
  return WORDS[code] ?? message;
}

/** Whether trying again may help: the line broke, or the registry said that it cannot now. */
export function isTransient(error: unknown): boolean {
  if (error instanceof RegistryError && error.status > 0) return [429, 500, 502, 503, 504].includes(error.status);
  for (let e = error; e instanceof Error; e = e.cause) {
    if (
      ['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ESTALLED', 'EAI_AGAIN', 'ETRUNCATED'].includes(
        (e as NodeJS.ErrnoException).code ?? '',
      )
    ) {
      return true;
    }
  }
  return false;
}
