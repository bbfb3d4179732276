import type { Digest } from '#oci';
import { digestHex, digestOf, MEDIA } from '#oci';
import { encodeEntry, paddingOf, TAR_END } from '#tar';

export type Files = Readonly<Record<string, string | Buffer | { readonly link: string }>>;

/** A tar of these files, in this order. */
export function tar(files: Files): Buffer {
  const parts = Object.entries(files).flatMap(([path, content]) => {
    const name = Buffer.from(path);
    if (typeof content === 'object' && 'link' in content) {
      return [encodeEntry({ type: 'symlink', name, linkName: Buffer.from(content.link), mode: 0o777 })];
    }
    const body = Buffer.from(content);
    return [encodeEntry({ type: 'file', name, size: body.length, mode: 0o644 }), body, paddingOf(body.length)];
  });
  return Buffer.concat([...parts, TAR_END]);
}

export const json = (value: unknown) => Buffer.from(JSON.stringify(value));

/** An image's config document over these layers (plain tars). */
export function configOf(layers: readonly Buffer[], more: object = {}): Buffer {
  return json({
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
    os: 'linux',
    created: '2024-01-02T03:04:05.123456789Z',
    config: { Cmd: ['sh'], Env: ['PATH=/bin'], Labels: { made: 'test' } },
    history: layers.map((_, i) => ({ created: '2024-01-02T03:04:05Z', created_by: `step ${i}` })),
    rootfs: { type: 'layers', diff_ids: layers.map((layer) => digestOf(layer)) },
    ...more,
  });
}

export const blob = (bytes: Buffer) => ({ [`blobs/sha256/${digestHex(digestOf(bytes))}`]: bytes });

export const describe = (mediaType: string, bytes: Buffer, more: object = {}) => ({
  mediaType,
  digest: digestOf(bytes),
  size: bytes.length,
  ...more,
});

export function manifestOf(config: Buffer, layers: readonly Buffer[], mediaType: string = MEDIA.ociLayer): Buffer {
  return json({
    schemaVersion: 2,
    mediaType: MEDIA.ociManifest,
    config: describe(MEDIA.ociConfig, config),
    layers: layers.map((layer) => describe(mediaType, layer)),
  });
}

/** A small image as a docker-archive, manifest.json last; its id. */
export function dockerArchive(tags: string[] | null, layers: readonly Buffer[], more: object = {}) {
  const config = configOf(layers, more);
  const names = layers.map((layer) => `${digestHex(digestOf(layer))}/layer.tar`);
  const files: Record<string, Buffer> = Object.fromEntries(layers.map((layer, i) => [names[i]!, layer]));
  files['config.json'] = config;
  files['manifest.json'] = json([{ Config: 'config.json', RepoTags: tags, Layers: names }]);
  return { id: digestOf(config) as Digest, bytes: tar(files) };
}
