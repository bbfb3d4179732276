import { pipeline } from 'node:stream/promises';
import type { Digest } from '#oci';
import type { ByteRange } from '../deps.ts';
import type { Call } from './call.ts';

/** Sends a blob's bytes as the rest of the answer; a reader who takes nothing for too long is dropped. */
export async function sendBlob({ response, registry }: Call, digest: Digest, range: ByteRange): Promise<void> {
  const source = await registry.storage.blobs.open(digest, range);
  response.setTimeout(registry.settings.idleMs, () => response.destroy());
  await pipeline(source, response);
}
