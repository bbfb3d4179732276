import type { IncomingMessage } from 'node:http';
import { RegistryError } from '../errors.ts';

/** What a sender must bring in a window of time; one that stalls or drips less is cut off. */
export interface Pace {
  readonly windowMs: number;
  readonly bytes: number;
}

/** A request's body, chunk by chunk; an error when its sender is too slow, and when it breaks off. The request stays open. */
export async function* bodyOf(request: IncomingMessage, { windowMs, bytes }: Pace): AsyncGenerator<Buffer> {
  const chunks = request.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>;
  const { promise: late, reject } = Promise.withResolvers<never>();
  late.catch(() => {});
  let came = 0;
  // Only while we wait for the sender: a slow disk of ours is not its fault.
  let isWaiting = true;
  const timer = setInterval(() => {
    if (isWaiting && came < bytes) {
      reject(new RegistryError('UNAVAILABLE', { status: 408, message: 'the sender of this request stalled' }));
    }
    came = 0;
  }, windowMs);
  try {
    for (;;) {
      isWaiting = true;
      const next = await Promise.race([chunks.next(), late]);
      isWaiting = false;
      if (next.done) return;
      came += next.value.length;
      yield next.value;
    }
  } finally {
    clearInterval(timer);
  }
}

/** A whole body of at most `limit` bytes. */
export async function readBody(request: IncomingMessage, limit: number, pace: Pace): Promise<Buffer> {
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > limit) throw tooLarge(limit);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of bodyOf(request, pace)) {
    size += chunk.length;
    if (size > limit) throw tooLarge(limit);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function tooLarge(limit: number): RegistryError {
  return new RegistryError('MANIFEST_INVALID', { status: 413, message: `a manifest may have at most ${limit} bytes` });
}
