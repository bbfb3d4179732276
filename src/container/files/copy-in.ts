import { Readable } from 'node:stream';
import { EngineError, invalid } from '#errdefs';
import { unpackForeign } from '#image';
import { resolveUser } from '#runtime';
import { failpoint } from '#sys';
import type { Context } from '../context.ts';
import type { CopyRules } from '../deps.ts';
import type { Container } from '../record.ts';
import { accountsOf } from '../sandbox.ts';
import { tell } from '../tell.ts';
import { absolutePath, asMissing } from './path.ts';
import { depth, reaching } from './reach.ts';

export interface CopyInOptions {
  readonly path: string;
  /** The container as the client named it. */
  readonly reference: string;
  /** A directory is not replaced by something else, and nothing else by a directory. */
  readonly keepsKinds: boolean;
  /** Everything becomes the container's user's, if it has one. */
  readonly ownedByUser: boolean;
  readonly signal: AbortSignal;
}

/** Unpacks an archive, packed by gzip, zstd, bzip2, xz or not at all, into a directory of a container in any of its states. */
export async function copyIn(
  context: Context,
  { id }: Container,
  body: Readable,
  { path, reference, keepsKinds, ownedByUser, signal }: CopyInOptions,
): Promise<void> {
  await reaching(context, id, { writes: true, binds: true }, async (reached) => {
    await using _ = reached;
    const { container, view } = reached;
    const owner = ownedByUser ? await ownerOf(context, container) : undefined;
    // What the jail does not know how to unpack comes to it unpacked.
    const input = Readable.from(unpackForeign(body), { objectMode: false });
    const rules = { ...rulesOf(container), keepsKinds, ...(owner && { owner }) };
    try {
      await context.snapshots.copyIn(id, { path: absolutePath(path), rules, view, input }, { signal });
    } catch (error) {
      throw asMissing(error, path, reference);
    }
    failpoint('container.copy-in.unpacked');
    context.store.tx(() => tell(context, container, 'extract-to-dir'));
    failpoint('container.copy-in.told');
  });
}

function rulesOf({ mounts, spec }: Container): Omit<CopyRules, 'keepsKinds'> {
  return {
    readonlyRoot: spec.hostConfig.ReadonlyRootfs,
    mounts: mounts
      .map(({ destination, rw }) => ({ path: destination, readonly: !rw }))
      .toSorted((a, b) => depth(b.path) - depth(a.path)),
  };
}

async function ownerOf(context: Context, container: Container): Promise<CopyRules['owner']> {
  const { User } = container.spec.config;
  if (User === '') return undefined;
  try {
    const { uid, gid } = resolveUser(User, await accountsOf(context, container)).user;
    return { uid, gid };
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    throw invalid(
      error.message.replace(/^unable to find (\w+) (.*?):/, 'failed to look up $1 "$2" in container:'),
      error,
    );
  }
}
