import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { Transform } from 'node:stream';

import { internal } from '#errdefs';
import type { Digest } from '#oci';
import type { Content } from './content.ts';

/**
 * A blob's bytes, hashed on their way: the last of them come only when they are what the digest says. A damaged blob fails
 * instead and is taken out of the store, so that whoever needs it brings it anew.
 */
export function verified(content: Content, digest: Digest, onBytes?: (read: number) => void): Readable {
  const hash = createHash('sha256');
  let held: Buffer | undefined;
  let read = 0;
  const source = content.open(digest);
  const through = new Transform({
    highWaterMark: 1024 * 1024,
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      const before = held;
      held = chunk;
      read += chunk.length;
      onBytes?.(read);
      done(null, before);
    },
    flush(done) {
      if (`sha256:${hash.digest('hex')}` === digest) done(null, held);
      else content.forget(digest).then(() => done(damaged(digest)), done);
    },
  });
  source.once('error', (error) => through.destroy(error));
  through.once('close', () => source.destroy());
  // Whoever reads it meets the error, which may come before anybody does.
  through.once('error', () => {});
  return source.pipe(through);
}

/** What is told of a blob that is not what its name says. */
export function damaged(digest: Digest): Error {
  return internal(`blob ${digest} of the content store is damaged: pull or load its image again`);
}
