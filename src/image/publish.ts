import type { Descriptor } from '#oci';
import { MEDIA, parseReference } from '#oci';
import type { ImageDeps } from './deps.ts';
import type { ImageRows } from './store.ts';

/** Has index.json of the content store list the images, one entry for each name. */
export function publishIndex({ content, rows }: Pick<ImageDeps, 'content' | 'rows'>): void {
  content.publish(() => entries(rows));
}

/** What collection starts from: what each image came as, and its own manifest should the index not lead to it. */
export function roots({ rows, usage }: Pick<ImageDeps, 'rows' | 'usage'>): Descriptor[] {
  const kept = [...(usage.keptLayers?.() ?? [])].map(({ descriptor }) => descriptor);
  const images = rows
    .all()
    .flatMap(({ target, manifest }) => [
      target,
      ...(target.digest === manifest ? [] : [{ mediaType: MEDIA.ociManifest, digest: manifest, size: 0 }]),
    ]);
  return [...images, ...kept];
}

function entries(rows: ImageRows): Descriptor[] {
  const visible = rows.all().filter((image) => !image.hidden);
  return visible.flatMap(({ id, target }) => {
    const names = rows.names(id);
    return names.length === 0 ? [target] : names.map((name) => ({ ...target, annotations: annotations(name) }));
  });
}

/** Names as containerd and Docker write them. */
function annotations(name: string): Record<string, string> {
  const { tag } = parseReference(name);
  return {
    'io.containerd.image.name': name,
    ...(tag !== undefined && { 'org.opencontainers.image.ref.name': tag }),
  };
}
