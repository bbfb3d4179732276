/** The codes that are used here, by their number on the wire. */
export const CODES = {
  ok: 0,
  cancelled: 1,
  unknown: 2,
  'invalid-argument': 3,
  'deadline-exceeded': 4,
  'not-found': 5,
  'already-exists': 6,
  'permission-denied': 7,
  'resource-exhausted': 8,
  'failed-precondition': 9,
  aborted: 10,
  'out-of-range': 11,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  'data-loss': 15,
  unauthenticated: 16,
} as const;

export type Code = keyof typeof CODES;

/** A call that failed; `details` is an encoded `google.rpc.Status`, if the other side sent one. */
export class RpcError extends Error {
  readonly code: Code;
  readonly details: Uint8Array | undefined;

  constructor(code: Code, message: string, details?: Uint8Array) {
    super(message);
    this.name = 'RpcError';
    this.code = code;
    this.details = details;
  }
}

/** The code of a number; what is not known is `unknown`. */
export function codeOf(number: number): Code {
  const found = Object.entries(CODES).find(([, known]) => known === number);
  return (found?.[0] as Code | undefined) ?? 'unknown';
}

/** The trailers that end a call. */
export function trailersOf(error: RpcError | undefined): Record<string, string> {
  if (!error) return { 'grpc-status': '0' };
  const details = error.details && Buffer.from(error.details).toString('base64');
  return {
    'grpc-status': String(CODES[error.code]),
    'grpc-message': encodeMessage(error.message),
    ...(details === undefined ? {} : { 'grpc-status-details-bin': details }),
  };
}

/** What trailers (or the head of a call that failed at once) say; undefined: it went well. */
export function errorOf(trailers: Readonly<Record<string, unknown>>): RpcError | undefined {
  const status = trailers['grpc-status'];
  if (status === undefined) return new RpcError('unknown', 'the call ended without a status');
  if (status === '0') return undefined;
  const details = trailers['grpc-status-details-bin'];
  const message = decodeMessage(String(trailers['grpc-message'] ?? ''));
  const bytes = typeof details === 'string' ? Buffer.from(details, 'base64') : undefined;
  return new RpcError(codeOf(Number(status)), message, bytes);
}

/** Printable ASCII travels as it is, all else percent-encoded; a long text is cut, as a head has a limit. */
function encodeMessage(text: string): string {
  const bytes = Buffer.from(text).subarray(0, 8192);
  let out = '';
  for (const byte of bytes) {
    const isPlain = byte >= 0x20 && byte <= 0x7e && byte !== 0x25;
    out += isPlain ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return out;
}

function decodeMessage(text: string): string {
  const bytes = text.replace(/%([0-9a-fA-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
