import type { IncomingMessage } from 'node:http';
import { EngineError, invalid } from '#errdefs';
import type { Infer, Schema } from '#schema';
import { decode } from '#schema';

/** The longest JSON or form body: the largest real ones (seccomp profiles in create) have a few 100 kB. */
export const BODY_LIMIT = 4 * 1024 * 1024;

/** Thrown for a body that is longer than allowed: its rest is not read. */
export class BodyTooLarge extends Error {
  constructor(limit: number) {
    super(`request body is larger than ${limit} bytes`);
  }
}

/** Whether a body is announced: by a length that is not 0 or by chunks. */
export function hasBody({ headers }: IncomingMessage): boolean {
  const length = headers['content-length'];
  return headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}

/** The whole body as text. Throws {@link BodyTooLarge}. */
export async function readText(request: IncomingMessage, limit = BODY_LIMIT): Promise<string> {
  if (!hasBody(request)) return '';
  if (Number(request.headers['content-length'] ?? 0) > limit) throw new BodyTooLarge(limit);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    size += (chunk as Buffer).length;
    if (size > limit) throw new BodyTooLarge(limit);
    chunks.push(chunk as Buffer);
  }
  return (chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)).toString('utf8');
}

/** The body decoded, `read` when it was read before; an empty one is the zero value. The Content-Type is checked as Docker does. */
export async function readJson<S extends Schema>(
  request: IncomingMessage,
  { body, needsBody = false }: { readonly body: S; readonly needsBody?: boolean },
  read?: string,
): Promise<Infer<S>> {
  checkContentType(request);
  const text = read ?? (await readText(request));
  if (text.trim() !== '') return decodeBody(body, text);
  if (needsBody) throw invalid('invalid JSON: got EOF while reading request body');
  return decodeBody(body, 'null');
}

/** Decodes with Docker's prefix on what is wrong. */
function decodeBody<S extends Schema>(schema: S, text: string): Infer<S> {
  try {
    return decode(schema, text);
  } catch (error) {
    if (!(error instanceof EngineError) || error.message === 'unexpected content after JSON') throw error;
    throw invalid(`invalid JSON: ${error.message}`, error);
  }
}

/** Throws unless it is JSON, or absent together with the body. */
export function checkContentType(request: IncomingMessage): void {
  const type = request.headers['content-type'];
  if (type === 'application/json' || (type === undefined && !hasBody(request))) return;
  const media = (type ?? '').split(';')[0]!.trim().toLowerCase();
  if (media === 'application/json') return;
  const fault = mediaFault(type ?? '');
  if (fault) throw invalid(`malformed Content-Type header (${type ?? ''}): mime: ${fault}`);
  throw invalid(`unsupported Content-Type header (${type}): must be 'application/json'`);
}

/** What Go's mime.ParseMediaType finds wrong. */
function mediaFault(type: string): string | undefined {
  const [media = '', ...parameters] = type.split(';').map((part) => part.trim());
  if (media === '') return 'no media type';
  if (!/^[^\s()<>@,;:\\"/[\]?=]+(\/[^\s()<>@,;:\\"/[\]?=]+)?$/.test(media))
    return 'unexpected content after media type';
  const isFine = parameters.every((part) => part === '' || /^[^\s()<>@,;:\\"/[\]?=]+\s*=\s*(".*"|[^\s"]+)$/.test(part));
  return isFine ? undefined : 'invalid media parameter';
}
