import type { ImageInspect, ImageSummary } from '#api';
import { before, ContainerConfig } from '#api';
import { zero } from '#schema';

/** One image of a list as that API version has it. */
export function summaryFor(version: string, image: ImageSummary): ImageSummary {
  let shaped = image;
  if (before(version, '1.48') && shaped.Descriptor) shaped = { ...shaped, Descriptor: undefined };
  if (before(version, '1.44')) shaped = { ...shaped, VirtualSize: shaped.Size || undefined };
  if (before(version, '1.43') && shaped.RepoTags.length === 0) {
    const digests = shaped.RepoDigests.length === 0 ? ['<none>@<none>'] : shaped.RepoDigests;
    shaped = { ...shaped, RepoTags: ['<none>:<none>'], RepoDigests: digests };
  }
  return shaped;
}

/** Before 1.50 an image's config had every field of a container's; before 1.45 there was an empty second one. */
const LEGACY_CONFIG = zero(ContainerConfig);

/** The inspected image as that API version has it. */
export function inspectFor(version: string, image: ImageInspect): unknown {
  let shaped: Record<string, unknown> = { ...image };
  if (before(version, '1.48')) delete shaped.Descriptor;
  if (before(version, '1.45')) shaped = { ...shaped, ContainerConfig: LEGACY_CONFIG };
  if (before(version, '1.44')) shaped = { ...shaped, VirtualSize: image.Size, Created: image.Created ?? '' };
  if (before(version, '1.50')) shaped.Config = { ...LEGACY_CONFIG, ...image.Config };
  return shaped;
}
