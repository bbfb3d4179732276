import { isRegular } from '#buildkit';
import { invalid } from '#errdefs';
import type { Exchange } from './receive.ts';
import { receive } from './receive.ts';

/** Dockerfiles and rules of ignored files are small. */
const MAX_BYTES = 16 * 1024 * 1024;
const MAX_FILES = 1000;
/** What a path that is told takes besides its bytes. */
const ENTRY_BYTES = 256;

/** Receives a few small files, by path; links and directories are passed over. */
export async function receiveSmall(exchange: Exchange): Promise<Map<string, Buffer>> {
  const pieces = new Map<string, Uint8Array[]>();
  let bytes = 0;
  let told = 0;
  await receive(exchange, {
    file: (path, { mode }) => {
      told += path.length + ENTRY_BYTES;
      if (told > MAX_BYTES) throw invalid('too many files where a Dockerfile is expected');
      if (!isRegular(mode)) return false;
      if (pieces.size >= MAX_FILES) throw invalid('too many files where a Dockerfile is expected');
      pieces.set(path, []);
      return true;
    },
    data: (path, chunk) => {
      bytes += chunk.length;
      if (bytes > MAX_BYTES) throw invalid('the Dockerfile is too large');
      pieces.get(path)!.push(chunk);
    },
    complete: () => {},
    toldAll: () => {},
  });
  return new Map([...pieces].map(([path, chunks]) => [path, Buffer.concat(chunks)]));
}
