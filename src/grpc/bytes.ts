import { Duplex } from 'node:stream';
import type { Message } from '#protobuf';
import { bytes, message } from '#protobuf';

/** Bytes that are carried inside of a call. */
export const BytesMessage = message({ data: bytes(1) });
type Bytes = Message<typeof BytesMessage>;

/** More than this in one message is taken apart. */
const PIECE = 3 * 1024 * 1024;

/** One direction each of a call that carries bytes. */
export interface ByteCall {
  readonly incoming: AsyncIterable<Bytes>;
  send(message: { data: Uint8Array }): Promise<void>;
  end(): void;
  cancel(): void;
}

/** A call that carries bytes, as the stream that they are. */
export function byteStream(call: ByteCall): Duplex {
  const incoming = call.incoming[Symbol.asyncIterator]();
  return new Duplex({
    read() {
      const next = async () => {
        for (;;) {
          const { done, value } = await incoming.next();
          if (done) return this.push(null);
          if (value.data.length > 0) return this.push(value.data);
        }
      };
      next().catch((error) => this.destroy(error));
    },
    write(chunk: Buffer, _encoding, done) {
      const send = async () => {
        for (let at = 0; at < chunk.length; at += PIECE) await call.send({ data: chunk.subarray(at, at + PIECE) });
      };
      send().then(() => done(), done);
    },
    final(done) {
      call.end();
      done();
    },
    destroy(error, done) {
      call.cancel();
      done(error);
    },
  });
}
