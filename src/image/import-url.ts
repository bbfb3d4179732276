import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import type { Progress } from '#api';
import { requestFailure } from '#distribution';
import { internal } from '#errdefs';
import type { ImageDeps } from './deps.ts';
import type { ImportOptions } from './import.ts';
import { importImage } from './import.ts';

/** How much of a server's page about an error is told. */
const SHOWN = 1024;

/** Makes an image of an archive that lies elsewhere; Docker: an address without a scheme is one of HTTP. */
export async function* importUrl(deps: ImageDeps, source: string, options: ImportOptions): AsyncGenerator<Progress> {
  const url = toUrl(source);
  const signal = options.signal ?? null;
  const response = await fetch(url, { signal }).catch((error: Error) => {
    options.signal?.throwIfAborted();
    throw internal(requestFailure('GET', url, error.cause ?? error).message, error);
  });
  if (!response.ok || !response.body) {
    const said = (await response.text().catch(() => '')).slice(0, SHOWN);
    throw internal(`failed to GET ${url} with status ${response.status} ${response.statusText}: ${said}`);
  }
  yield { status: `Downloading from ${url}` };
  const body = Readable.fromWeb(response.body as ReadableStream<Uint8Array>);
  yield* importImage(deps, body, { ...options, message: options.message || `Imported from ${url}` });
}

function toUrl(source: string): URL {
  const text = source.includes('://') ? source : `http://${source}`;
  if (/^https?:\/\/($|[/?#])/.test(text)) throw internal(`Get "${text.split('/')[0]}": http: no Host in request URL`);
  const [, scheme = ''] = /^([^:]*):/.exec(text) ?? [];
  if (!/^https?$/i.test(scheme)) {
    throw internal(`Get ${JSON.stringify(source)}: unsupported protocol scheme ${JSON.stringify(scheme)}`);
  }
  if (!URL.canParse(text)) throw internal(`parse ${JSON.stringify(source)}: not a URL`);
  return new URL(text);
}
