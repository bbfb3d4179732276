import { EngineError, invalid, outOfSpace } from '#errdefs';
import { isErrno } from '#sys';
import type { ImageDeps } from './deps.ts';
import { roots } from './publish.ts';

const BAD_TAR = 'archive/tar: invalid tar header';

/** When the work fails, the blobs that it stored and nothing needs are removed before its failure is told; shelved, they wait for another try. */
export async function undoing<T>(
  deps: Pick<ImageDeps, 'content' | 'rows' | 'log' | 'usage'>,
  work: Promise<T>,
  { shelve = false }: { shelve?: boolean } = {},
): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const collecting = deps.content.collect(() => roots(deps), { shelve });
    await collecting.catch((cause) => deps.log.warn('blobs of a failed operation stay', { error: cause }));
    throw asDocker(error);
  }
}

/** Docker's words, for a malformed tar without details: those are the cause. */
function asDocker(error: unknown): unknown {
  if (isErrno(error, 'ENOSPC', 'EDQUOT')) return outOfSpace('write image data: no space left on device', error);
  return error instanceof EngineError && error.message.startsWith(BAD_TAR) ? invalid(BAD_TAR, error) : error;
}
