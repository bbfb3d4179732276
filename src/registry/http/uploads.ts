import type { AnyDigest } from '#oci';
import { isAnyDigest } from '#oci';
import { RegistryError } from '../errors.ts';
import { bodyOf } from './body.ts';
import type { Call } from './call.ts';
import { answer } from './call.ts';
import { parseContentRange } from './range.ts';
import { checkDigest, isName } from './route.ts';

/** POST: begins an upload, takes in a whole blob (`digest`), or links one of another repository (`mount`). */
export async function beginUpload(call: Call, name: string, mayRead: (name: string) => boolean): Promise<void> {
  const { query, registry } = call;
  const mount = query.get('mount');
  if (isAnyDigest(mount) && (await mounted(call, name, { digest: mount, mayRead }))) {
    return answerCreated(call, name, mount);
  }
  const digest = query.get('digest');
  const wanted = digest === null || mount !== null ? undefined : checkDigest(digest);
  const id = await registry.uploads.begin(name);
  if (!wanted) return answerUpload(call, { name, id, size: 0, status: 202 });
  await takeIn(call, name, id);
  await orDropped(call, name, id, () => registry.finishUpload(name, id, wanted));
  answerCreated(call, name, wanted);
}

interface Mount {
  readonly digest: AnyDigest;
  readonly mayRead: (name: string) => boolean;
}

/**
 * Without the right to read it there, or without the blob, an ordinary upload begins (202), as the specification asks. Who
 * names no repository gets it from any that he may read.
 */
async function mounted({ query, registry }: Call, name: string, { digest, mayRead }: Mount): Promise<boolean> {
  const from = query.get('from') ?? (await registry.whereIs(digest, mayRead));
  return from !== undefined && isName(from) && mayRead(from) && (await registry.mount(name, digest, from));
}

/** PATCH: the next chunk. */
export async function appendUpload(call: Call, name: string, id: string): Promise<void> {
  const size = await takeIn(call, name, id);
  answerUpload(call, { name, id, size, status: 202 });
}

/** PUT: the last chunk, if any, and the digest that all of it must have. */
export async function finishUpload(call: Call, name: string, id: string): Promise<void> {
  const text = call.query.get('digest');
  if (text === null) throw new RegistryError('DIGEST_INVALID', { detail: 'digest missing' });
  const digest = checkDigest(text);
  await takeIn(call, name, id);
  await orDropped(call, name, id, () => call.registry.finishUpload(name, id, digest));
  answerCreated(call, name, digest);
}

/** GET: how far an upload is. */
export async function uploadStatus(call: Call, name: string, id: string): Promise<void> {
  answerUpload(call, { name, id, size: await call.registry.uploads.size(name, id), status: 204 });
}

export async function cancelUpload(call: Call, name: string, id: string): Promise<void> {
  await call.registry.uploads.cancel(name, id);
  answer(call, 204, { 'Docker-Upload-UUID': id });
}

/** What is beyond a quota is not kept for another try. */
async function orDropped<T>({ registry }: Call, name: string, id: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof RegistryError && error.code === 'DENIED') await registry.uploads.cancel(name, id);
    throw error;
  }
}

function takeIn(call: Call, name: string, id: string): Promise<number> {
  return orDropped(call, name, id, () => append(call, name, id));
}

async function append(call: Call, name: string, id: string): Promise<number> {
  const { request, registry } = call;
  const { uploads, settings } = registry;
  const size = await uploads.size(name, id);
  const header = request.headers['content-range'];
  const announced = request.headers['content-length'];
  const length = announced === undefined ? undefined : Number(announced);
  const bounds = boundsOf(call, name, { size, length });
  if (header === undefined || length === 0) return uploads.append(name, id, bodyOf(request, settings.pace), bounds);
  const range = parseContentRange(header);
  if (range === null || range.start !== size) throw outOfOrder(name, id, size);
  const said = range.end - range.start + 1;
  if (length !== undefined && length !== said) throw new RegistryError('SIZE_INVALID');
  return uploads.append(name, id, bodyOf(request, settings.pace), { ...bounds, length: said });
}

/** How much an upload of `size` bytes may take in; one that announces more is refused before a byte of it is read. */
function boundsOf(
  { registry }: Call,
  name: string,
  { size, length = 0 }: { size: number; length?: number | undefined },
) {
  const { quota, uploads, settings } = registry;
  const room = quota.room(name, uploads.bytes);
  if (room < settings.blobBytes) {
    const excess = () => quota.refusal(name, Math.max(size + length, room + 1));
    if (size + length > room) throw excess();
    return { limit: room, excess };
  }
  if (size + length <= settings.blobBytes) return { limit: settings.blobBytes };
  const message = `a blob may have at most ${settings.blobBytes} bytes`;
  throw new RegistryError('SIZE_INVALID', { status: 413, message });
}

function outOfOrder(name: string, id: string, size: number): RegistryError {
  return new RegistryError('RANGE_INVALID', {
    headers: { Location: location(name, id), Range: rangeOf(size), 'Docker-Upload-UUID': id },
  });
}

/** Docker: an upload of nothing has the range 0-0, too. */
const rangeOf = (size: number) => `0-${Math.max(size - 1, 0)}`;

const location = (name: string, id: string) => `/v2/${name}/blobs/uploads/${id}`;

interface Progress {
  readonly name: string;
  readonly id: string;
  readonly size: number;
  readonly status: number;
}

function answerUpload(call: Call, { name, id, size, status }: Progress): void {
  answer(call, status, { Location: location(name, id), Range: rangeOf(size), 'Docker-Upload-UUID': id });
}

function answerCreated(call: Call, name: string, digest: AnyDigest): void {
  answer(call, 201, { Location: `/v2/${name}/blobs/${digest}`, 'Docker-Content-Digest': digest });
}
