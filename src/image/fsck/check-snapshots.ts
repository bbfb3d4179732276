import type { Digest, Manifest } from '#oci';
import { digestIn } from '#oci';
import type { ImageRecord } from '../record.ts';
import type { Checking } from './fsck.ts';
import { namesOf } from './fsck.ts';

/** Looks at the unpacked layers of an image; one that is not what was unpacked is unpacked anew from its blob. */
export async function checkSnapshots(
  checking: Checking,
  checked: Set<Digest>,
  { image, manifest }: { image: ImageRecord; manifest: Manifest | undefined },
): Promise<void> {
  const { deps, report, repairs, signal } = checking;
  for (const [i, chainId] of image.layers.entries()) {
    if (checked.has(chainId)) continue;
    checked.add(chainId);
    report.Snapshots++;
    const digest = manifest?.layers[i] && digestIn(manifest.layers[i]);
    const state = await deps.layers.check(chainId);
    const paths = state === 'whole' ? await differing(checking, chainId, digest) : [];
    if (state === 'whole' && paths.length === 0) continue;
    const What = state === 'whole' ? 'damaged' : state;
    const named = { Images: namesOf(image), ...(paths.length > 0 && { Paths: paths }) };
    const problem = { Kind: 'snapshot' as const, Digest: chainId, What, ...named };
    const hindrance = repairs ? hindranceOf(checking, chainId, digest) : '';
    if (!repairs || hindrance !== '' || !digest) {
      checking.found({ ...problem, Repair: '', Error: hindrance });
      continue;
    }
    try {
      const layer = { chainId, parent: image.layers[i - 1], diffId: image.config.diffIds[i]! };
      await deps.layers.renew({ ...layer, open: () => ({ path: deps.content.file(digest) }) }, signal);
      checking.found({ ...problem, Repair: 'unpacked again', Error: '' });
    } catch (error) {
      signal.throwIfAborted();
      checking.found({ ...problem, Repair: '', Error: (error as Error).message });
    }
  }
}

/** What of a tree is not as its blob says, when a check goes so deep; a blob that is missing or damaged was told of before. */
async function differing(
  { deps, isDeep, whole, signal }: Checking,
  chainId: Digest,
  digest: Digest | undefined,
): Promise<string[]> {
  if (!isDeep || !digest || !whole.has(digest)) return [];
  return await deps.layers.compare({ chainId, open: () => ({ path: deps.content.file(digest) }) }, signal);
}

/** Why a layer cannot be unpacked anew now; '' when it can. */
function hindranceOf({ deps }: Checking, chainId: Digest, digest: Digest | undefined): string {
  if (!digest || !deps.content.has(digest)) return 'its blob is missing: load or pull the image again';
  for (const image of deps.rows.all()) {
    if (!image.layers.includes(chainId)) continue;
    const user = deps.usage.containersUsing(image.id).find(({ running }) => running);
    if (user) return `container ${user.name} runs on it: stop it and check again`;
  }
  return '';
}
