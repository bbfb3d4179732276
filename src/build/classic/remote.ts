import { parseGitSource } from '#dockerfile';
import { EngineError, internal } from '#errdefs';
import type { RemoteContext } from '../remote/remote-context.ts';

/** What a file is called that is no archive but the Dockerfile itself. */
const ALONE = 'Dockerfile';

/** Fetches a context from elsewhere; the path of the Dockerfile if it can be no other one. */
export async function fetchRemote(
  context: RemoteContext,
  { remote, signal }: { readonly remote: string; readonly signal: AbortSignal },
): Promise<string | undefined> {
  const git = parseGitSource(remote);
  if (git) {
    await context.checkOut(git, { keepGitDir: false, secret: async () => undefined }, { signal });
    return undefined;
  }
  // Docker: an error 500.
  if (!/^https?:\/\//.test(remote)) throw internal(`remoteURL (${remote}) could not be recognized as URL`);
  try {
    await context.download(remote, ALONE, { signal });
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    throw new EngineError(error.kind, `error downloading remote context ${remote}: ${error.message}`, error);
  }
  if (!context.isArchive) return ALONE;
  await context.unpack({ signal });
  return undefined;
}
