import type { FilesystemChange } from '#api';
import type { Context } from '../context.ts';
import type { Container } from '../record.ts';
import { outflow } from './outflow.ts';

const NUL = 0;
const ZERO = 0x30;

/** What a container changed of its image, a batch at a time. */
export async function* changes(
  { snapshots }: Context,
  { id }: Container,
  signal: AbortSignal,
): AsyncGenerator<FilesystemChange[]> {
  const stream = outflow(
    (output) => snapshots.changes(id, output, { signal }),
    async () => {},
  );
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of stream) {
    rest = Buffer.concat([rest, chunk]);
    const batch: FilesystemChange[] = [];
    let at = 0;
    for (let end = rest.indexOf(NUL); end >= 0; at = end + 1, end = rest.indexOf(NUL, at)) {
      const Kind = (rest[at]! - ZERO) as FilesystemChange['Kind'];
      batch.push({ Path: rest.toString('utf8', at + 1, end), Kind });
    }
    rest = rest.subarray(at);
    if (batch.length > 0) yield batch;
  }
}
