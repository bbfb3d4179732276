import { createHash } from 'node:crypto';
import { createWriteStream, renameSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { invalid, notFound, unavailable } from '#errdefs';

export interface HttpSource {
  readonly url: string;
  readonly name: string;
  readonly checksum: string;
}

interface Fetching {
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly status: (id: string, current: number, total: number) => void;
}

const INVALID_STATUS = 'invalid response status ';

/** Fetches a file into a folder: mode 0600, the server's time. Its name there, and its time in seconds. */
export async function fetchHttp(
  { url, name, checksum }: HttpSource,
  { folder, signal, status }: Fetching,
): Promise<{ name: string; path: string; mtime: number }> {
  const response = await fetch(url, { signal, redirect: 'follow' }).catch((error: Error) => {
    signal.throwIfAborted();
    const cause = error.cause instanceof Error ? error.cause.message : error.message;
    throw unavailable(`Get ${JSON.stringify(url)}: ${cause}`, error);
  });
  if (!response.ok || !response.body) {
    throw response.status === 404 ? notFound(INVALID_STATUS + 404) : invalid(INVALID_STATUS + response.status);
  }
  const [algorithm = 'sha256', wanted] = checksum === '' ? [] : checksum.split(':');
  if (algorithm !== 'sha256') throw invalid(`unsupported digest algorithm: ${algorithm}`);
  const hash = createHash('sha256');
  const total = Number(response.headers.get('content-length') ?? 0) || 0;
  let size = 0;
  const path = join(folder, safeName(name));
  const counted = async function* (source: AsyncIterable<Uint8Array>) {
    for await (const chunk of source) {
      hash.update(chunk);
      size += chunk.length;
      status(url, size, total);
      yield chunk;
    }
  };
  await pipeline(
    Readable.fromWeb(response.body as ReadableStream<Uint8Array>),
    counted,
    createWriteStream(`${path}.part`, { mode: 0o600 }),
    { signal },
  );
  const digest = hash.digest('hex');
  if (wanted !== undefined && digest !== wanted.toLowerCase()) {
    throw invalid(`digest mismatch sha256:${digest}: sha256:${wanted}`);
  }
  renameSync(`${path}.part`, path);
  const modified = Date.parse(response.headers.get('last-modified') ?? '');
  const mtime = Number.isNaN(modified) ? 0 : Math.floor(modified / 1000);
  utimesSync(path, mtime, mtime);
  return { name: safeName(name), path, mtime };
}

/** A server's word for a name must not lead anywhere. */
function safeName(name: string): string {
  const bare = name.replace(/[/\0]/g, '_');
  return bare === '' || bare === '.' || bare === '..' ? 'download' : bare;
}
