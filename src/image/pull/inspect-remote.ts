import type { DistributionInspect } from '#api';
import type { Credentials, Registries } from '#distribution';
import type { Reference } from '#oci';
import { decodeIndex, decodeManifest, IMAGE_LIMITS, isIndexType, MEDIA } from '#oci';
import { readTop } from './documents.ts';

/** What a registry has under a name, without pulling it. */
export async function inspectRemote(
  registries: Registries,
  reference: Reference,
  { credentials, signal }: { credentials: Credentials; signal: AbortSignal },
): Promise<DistributionInspect> {
  return await registries.use(reference, { actions: ['pull'], credentials, signal }, async (remote) => {
    const { mediaType, digest, bytes } = await readTop(remote, reference, signal);
    const Descriptor = { mediaType, digest, size: bytes.length };
    if (isIndexType(mediaType)) {
      const platforms = decodeIndex(bytes).manifests.flatMap(({ platform }) => (platform ? [platform] : []));
      return { Descriptor, Platforms: platforms };
    }
    // Docker: only its own kind of manifest leads on to the config.
    if (mediaType !== MEDIA.dockerManifest) return { Descriptor, Platforms: null };
    const { config } = decodeManifest(bytes);
    const read = await remote.read({ method: 'GET', at: `blobs/${config.digest}`, signal }, IMAGE_LIMITS.configBytes);
    const { architecture = '', os = '', variant } = JSON.parse(read.bytes.toString());
    return { Descriptor, Platforms: [{ architecture, os, ...(variant && { variant }) }] };
  });
}
