import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import type { Progress } from '#api';
import { requestFailure } from '#distribution';
import type { ErrorKind } from '#errdefs';
import { EngineError, internal, invalid } from '#errdefs';
import type { ImageDeps } from './deps.ts';
import type { ImportOptions } from './import.ts';
import { importImage, importPlan } from './import.ts';

/** How much of a server's page about an error is told. */
const SHOWN = 1024;
/** Docker: what the server says of the address is said of the import. */
const KINDS: Readonly<Record<number, ErrorKind>> = {
  400: 'invalid-argument',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not-found',
};

/** Makes an image of an archive that lies elsewhere; Docker: an address without a scheme is one of HTTP. */
export async function* importUrl(deps: ImageDeps, source: string, options: ImportOptions): AsyncGenerator<Progress> {
  // Nothing is fetched for what would be refused.
  importPlan(options);
  const url = toUrl(source);
  const signal = options.signal ?? null;
  const response = await fetch(url, { signal }).catch((error: Error) => {
    options.signal?.throwIfAborted();
    throw internal(requestFailure('GET', url, error.cause ?? error).message, error);
  });
  if (!response.ok || !response.body) {
    const said = (await response.text().catch(() => '')).slice(0, SHOWN).trim();
    const text = `failed to GET ${url} with status ${response.status} ${response.statusText}: ${said}`;
    throw new EngineError(KINDS[response.status] ?? 'internal', text);
  }
  yield { status: `Downloading from ${url}` };
  const body = Readable.fromWeb(response.body as ReadableStream<Uint8Array>);
  yield* importImage(deps, body, { ...options, message: options.message || `Imported from ${source}` });
}

function toUrl(source: string): URL {
  const text = source.includes('://') ? source : `http://${source}`;
  if (/^https?:\/\/($|[/?#])/.test(text)) throw internal(`Get "${text.split('/')[0]}": http: no Host in request URL`);
  const [, scheme = ''] = /^([^:]*):/.exec(text) ?? [];
  if (!/^https?$/i.test(scheme)) {
    throw internal(`Get ${JSON.stringify(source)}: unsupported protocol scheme ${JSON.stringify(scheme)}`);
  }
  const [, authority = ''] = /^\w+:\/\/([^/?#]*)/.exec(text) ?? [];
  const odd = /[^\w.~%!$&'()*+,;=:@[\]-]/u.exec(authority)?.[0];
  if (odd !== undefined) {
    throw invalid(`parse ${JSON.stringify(text)}: invalid character ${JSON.stringify(odd)} in host name`);
  }
  if (!URL.canParse(text)) throw invalid(`parse ${JSON.stringify(text)}: invalid port or host`);
  return new URL(text);
}
