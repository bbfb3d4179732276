import type { Readable } from 'node:stream';
import type { Content } from '#content';
import { verified } from '#content';
import type { Incoming, Remote } from '#distribution';
import { RegistryError } from '#distribution';
import { internal } from '#errdefs';
import type { Digest } from '#oci';

export interface Upload {
  readonly content: Content;
  readonly remote: Remote;
  readonly signal: AbortSignal;
}

/** How a blob came to be in the repository. */
export interface Uploaded {
  readonly kind: 'exists' | 'mounted' | 'pushed';
  /** The repository it was mounted from. */
  readonly from?: string;
}

/** Bytes of one piece, where a registry (or what stands before it) takes no whole blob. */
const PIECE = 8 * 1024 * 1024;
const ANSWER_LIMIT = 64 * 1024;
/** What stands before a registry may take no body of this size: it is sent by pieces then. */
const TOO_LARGE = 413;

interface Options {
  /** Repositories of the same registry that may have it. */
  readonly mounts: readonly string[];
  readonly onBytes?: (sent: number) => void;
  /** The whole was tried before and the line broke: what stands before the registry may have closed it. */
  readonly isAgain?: boolean;
}

/** Brings a blob into a repository: it is there, is mounted from another one, or is sent. */
export async function uploadBlob(upload: Upload, digest: Digest, options: Options): Promise<Uploaded> {
  const { remote, signal } = upload;
  const there = await remote.request({ method: 'HEAD', at: `blobs/${digest}`, accepts: [200, 404, 405], signal });
  there.cancel();
  if (there.status === 200) return { kind: 'exists' };
  for (const from of options.mounts) {
    const answer = await begin(upload, { mount: digest, from });
    if (answer.status === 201) return { kind: 'mounted', from };
    // A registry that does not mount has begun an upload instead.
    if (options.mounts.at(-1) === from) return await send(upload, digest, { answer, ...options });
    await abandon(upload, answer);
  }
  return await send(upload, digest, { answer: await begin(upload), ...options });
}

async function begin({ remote, signal }: Upload, mount?: { mount: Digest; from: string }): Promise<Incoming> {
  const query = mount ? `?${new URLSearchParams({ ...mount })}` : '';
  const ask = async (at: string, scopes: readonly string[]) => {
    const headers = { 'content-length': '0' };
    const { answer } = await remote.read(
      { method: 'POST', at, headers, accepts: [201, 202], scopes, signal },
      ANSWER_LIMIT,
    );
    return answer;
  };
  if (!mount) return await ask('blobs/uploads/', []);
  try {
    return await ask(`blobs/uploads/${query}`, [`repository:${mount.from}:pull`]);
  } catch (error) {
    // Who may not read there sends the blob himself.
    if (!(error instanceof RegistryError) || ![401, 403, 404].includes(error.status)) throw error;
    return await ask('blobs/uploads/', []);
  }
}

/** Tells the registry that nothing comes; it may not care. */
async function abandon({ remote, signal }: Upload, answer: Incoming): Promise<void> {
  await remote
    .read({ method: 'DELETE', at: locationOf(answer), accepts: [200, 202, 204, 404, 405], signal }, ANSWER_LIMIT)
    .catch(() => undefined);
}

function locationOf(answer: Incoming): URL {
  const { location } = answer.headers;
  if (location === undefined || !URL.canParse(location, answer.url)) {
    throw internal('the registry began an upload without saying where');
  }
  return new URL(location, answer.url);
}

async function send(
  upload: Upload,
  digest: Digest,
  { answer, onBytes, isAgain }: Omit<Options, 'mounts'> & { answer: Incoming },
): Promise<Uploaded> {
  const size = await upload.content.size(digest);
  const place = { at: locationOf(answer), size, ...(onBytes && { onBytes }) };
  try {
    await (isAgain && size > PIECE ? pieces : whole)(upload, digest, place);
  } catch (error) {
    if (!(error instanceof RegistryError) || error.status !== TOO_LARGE) throw error;
    await pieces(upload, digest, { ...place, at: locationOf(await begin(upload)) });
  }
  return { kind: 'pushed' };
}

interface Place {
  readonly at: URL;
  readonly size: number;
  readonly onBytes?: (sent: number) => void;
}

async function whole({ content, remote, signal }: Upload, digest: Digest, { at, size, onBytes }: Place): Promise<void> {
  const url = new URL(at);
  url.searchParams.set('digest', digest);
  const headers = { 'content-type': 'application/octet-stream', 'content-length': String(size) };
  const body = () => verified(content, digest, onBytes);
  await remote.read({ method: 'PUT', at: url, headers, body, accepts: [201, 202, 204], signal }, ANSWER_LIMIT);
}

async function pieces({ content, remote, signal }: Upload, digest: Digest, place: Place): Promise<void> {
  let { at } = place;
  let sent = 0;
  for await (const piece of inPieces(verified(content, digest))) {
    const headers = {
      'content-type': 'application/octet-stream',
      'content-length': String(piece.length),
      'content-range': `${sent}-${sent + piece.length - 1}`,
    };
    const asked = { method: 'PATCH', at, headers, body: piece, accepts: [202, 204], signal } as const;
    const { answer } = await remote.read(asked, ANSWER_LIMIT);
    at = locationOf(answer);
    sent += piece.length;
    place.onBytes?.(sent);
  }
  const url = new URL(at);
  url.searchParams.set('digest', digest);
  const headers = { 'content-length': '0' };
  await remote.read({ method: 'PUT', at: url, headers, accepts: [201, 202, 204], signal }, ANSWER_LIMIT);
}

async function* inPieces(source: Readable): AsyncGenerator<Buffer> {
  let parts: Buffer[] = [];
  let size = 0;
  for await (const chunk of source as AsyncIterable<Buffer>) {
    parts.push(chunk);
    size += chunk.length;
    if (size < PIECE) continue;
    yield Buffer.concat(parts);
    parts = [];
    size = 0;
  }
  if (size > 0) yield Buffer.concat(parts);
}
