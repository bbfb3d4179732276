import { randomUUID } from 'node:crypto';
import type { BlobStore } from '#build';
import { Content, STORE_HEADER, WRITE } from '#buildkit';
import { invalid, notFound } from '#errdefs';
import { RpcError } from '#grpc';
import type { Session } from './session.ts';

/** Larger pieces are taken apart, as a message has a limit. */
const PIECE = 1024 * 1024;

/** A content store that a client offers in its session: a folder of caches or of images, by the name it told. */
export function clientStore(session: Session, id: string): BlobStore | undefined {
  if (!session.serves(Content.read)) return undefined;
  const metadata = new Map([[STORE_HEADER, [id]]]);
  return {
    async *read(digest, signal) {
      const call = session.open(Content.read, { metadata, signal });
      try {
        await call.send({ digest });
        call.end();
        for await (const { data } of call.responses()) yield Buffer.from(data);
      } catch (error) {
        const isAbsent = error instanceof RpcError && error.code === 'not-found';
        throw isAbsent ? notFound(`content ${digest}: not found`, error) : error;
      } finally {
        call.cancel();
      }
    },
    async write({ digest, size }, bytes, signal) {
      const call = session.open(Content.write, { metadata, signal });
      const answers = call.responses()[Symbol.asyncIterator]();
      const ask = async (request: Parameters<typeof call.send>[0]) => {
        await call.send({ ref: `gantry-${digest}-${run}`, total: size, expected: digest, ...request });
        return (await answers.next()).value;
      };
      const run = randomUUID();
      try {
        await ask({ action: WRITE.stat });
        let offset = 0;
        for await (const chunk of bytes) {
          for (let at = 0; at < chunk.length; at += PIECE) {
            const data = chunk.subarray(at, at + PIECE);
            await ask({ action: WRITE.write, offset, data });
            offset += data.length;
          }
        }
        const done = await ask({ action: WRITE.commit, offset });
        if (done && done.digest !== '' && done.digest !== digest)
          throw invalid(`the client took ${digest} for another`);
      } catch (error) {
        if (!(error instanceof RpcError && error.code === 'already-exists')) throw error;
      } finally {
        call.end();
        call.cancel();
      }
    },
  };
}
