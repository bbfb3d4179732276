import type { AnyDigest } from '#oci';
import { isDigest } from '#oci';
import { RegistryError } from '../errors.ts';
import type { FoundBlob } from '../registry.ts';
import type { Call } from './call.ts';
import { answer } from './call.ts';
import { isMatch, parseRange } from './range.ts';
import { sendBlob } from './send.ts';

const YEAR = 'max-age=31536000';

/** GET and HEAD of a blob: ranges, conditions. */
export async function getBlob(call: Call, name: string, digest: AnyDigest): Promise<void> {
  const { request, response } = call;
  const blob = await found(call, name, digest);
  const { size } = blob;
  const entity = {
    ETag: `"${digest}"`,
    'Docker-Content-Digest': digest,
    'Cache-Control': YEAR,
    'Accept-Ranges': 'bytes',
  };
  if (isMatch(request.headers['if-none-match'], digest)) return answer(call, 304, entity);
  const condition = request.headers['if-range'];
  const isWanted = condition === undefined || isMatch(String(condition), digest);
  const range = isWanted ? parseRange(request.headers.range, size) : undefined;
  if (range === null) {
    throw new RegistryError('RANGE_INVALID', { headers: { 'Content-Range': `bytes */${size}` } });
  }
  const length = range ? range.end - range.start + 1 : size;
  response.writeHead(range ? 206 : 200, {
    ...entity,
    'Content-Type': 'application/octet-stream',
    'Content-Length': length,
    ...(range && { 'Content-Range': `bytes ${range.start}-${range.end}/${size}` }),
  });
  if (request.method === 'HEAD' || length === 0) return void response.end();
  await sendBlob(call, blob, range ?? { start: 0, end: size - 1 });
}

/** Whoever pushes asks first (HEAD) whether a blob is here: to one who has it in the same storage it is, from now on. */
async function found(
  { request, registry, reader, mayPush, isOwner }: Call,
  name: string,
  digest: AnyDigest,
): Promise<FoundBlob> {
  try {
    return await reader.blob(name, digest);
  } catch (error) {
    const isAsked = request.method === 'HEAD' && mayPush && error instanceof RegistryError && isDigest(digest);
    if (!isAsked || !(await isOwner()) || !(await registry.adoptBlob(name, digest))) throw error;
    return registry.blob(name, digest);
  }
}

export async function deleteBlob(call: Call, name: string, digest: AnyDigest): Promise<void> {
  await call.registry.deleteBlob(name, digest);
  answer(call, 202, { 'Docker-Content-Digest': digest });
}
