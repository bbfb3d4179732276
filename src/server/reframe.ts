import { Transform } from 'node:stream';
import { encodeFrame, FrameDecoder } from '#api';

/**
 * Docker: whether an exec's output comes in frames is said by its start, not by the terminal that it was created with.
 * Undefined where both say the same.
 */
export function reframe({ isRaw, wantsRaw }: { isRaw: boolean; wantsRaw: boolean }): Transform | undefined {
  if (isRaw === wantsRaw) return undefined;
  if (isRaw) return new Transform({ transform: (chunk, _, done) => done(null, encodeFrame('stdout', chunk)) });
  const decoder = new FrameDecoder();
  // Docker: what goes to a terminal has one stream, so the errors are lost.
  const output = (chunk: Buffer) => decoder.push(chunk).filter(({ stream }) => stream === 'stdout');
  return new Transform({
    transform: (chunk, _, done) => done(null, Buffer.concat(output(chunk).map(({ data }) => data))),
  });
}
