import { canonicalString, tagTarget } from '#oci';
import { failpoint } from '#sys';
import { tagged } from './commit.ts';
import type { ImageDeps } from './deps.ts';
import { publishIndex } from './publish.ts';
import { resolveImage } from './resolve.ts';

/** Gives an image one more name, taking it from the image that has it. Docker: no repository, nothing happens. */
export async function tagImage(
  deps: ImageDeps,
  name: string,
  { repo, tag }: { repo: string; tag: string },
): Promise<void> {
  const reference = tagTarget(repo, tag);
  if (!reference) return;
  const { id } = resolveImage(deps.rows, name);
  deps.store.tx(() => {
    deps.rows.setName(canonicalString(reference), id);
    tagged(deps, id, reference);
  });
  failpoint('image.tag.committed');
  publishIndex(deps);
  await deps.store.durable();
  failpoint('image.tag.durable');
}
