import type { Content } from '#content';
import type { Digest } from '#oci';
import { encodeEntry, paddingOf, TAR_END } from '#tar';
import { blobName } from './save-documents.ts';

/** What an archive that is an image layout consists of. */
export interface LayoutArchive {
  /** Blobs of the content store; they are held meanwhile. */
  readonly blobs: Iterable<Digest>;
  readonly documents: readonly { readonly name: string; readonly text: string }[];
}

const EPOCH = { seconds: 0, nanoseconds: 0 };
const LAYOUT = '{"imageLayoutVersion":"1.0.0"}';

/** Writes an image layout as an archive, as BuildKit does: sorted, without times. Every blob is verified before it begins. */
export async function* layoutArchive(
  content: Content,
  { blobs, documents }: LayoutArchive,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const digests = [...new Set(blobs)].sort();
  for (const digest of digests) await content.verify(digest, signal);
  for (const name of ['blobs/', 'blobs/sha256/']) {
    yield encodeEntry({ type: 'directory', name: Buffer.from(name), size: 0, mode: 0o755, mtime: EPOCH });
  }
  for (const digest of digests) {
    const size = await content.size(digest);
    yield encodeEntry({ type: 'file', name: Buffer.from(blobName(digest)), size, mode: 0o444, mtime: EPOCH });
    yield* content.open(digest);
    yield paddingOf(size);
  }
  const files = [
    ...documents.map((one) => ({ ...one, mode: 0o644 })),
    { name: 'oci-layout', text: LAYOUT, mode: 0o444 },
  ];
  for (const { name, text, mode } of files) {
    const bytes = Buffer.from(text);
    const header = { type: 'file', name: Buffer.from(name), size: bytes.length, mode, mtime: EPOCH } as const;
    yield Buffer.concat([encodeEntry(header), bytes, paddingOf(bytes.length)]);
  }
  yield TAR_END;
}
