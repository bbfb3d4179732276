/**
 * Images: their rows and names, and the verbs on them. An image's id is the digest of its config document. Documents and
 * layers as they came are blobs of the content store, unpacked layers belong to the snapshots; a row is committed only
 * when both are on the disk, so a listed image is a whole one. Names move between images in one transaction with their
 * events. Nothing here runs an image.
 */
export type { BuiltImage, LayerRef, LayerRequest } from './built.ts';
export type { CommitRequest } from './commit-layer.ts';
export { unpackForeign } from './decompress.ts';
export type { ImageUsage, ImageUser } from './deps.ts';
export type { ImagesOptions } from './images.ts';
export { Images } from './images.ts';
export type { ImportOptions } from './import.ts';
export type { Snapshots } from './layers.ts';
export type { ListQuery } from './list.ts';
export type { LoadOptions } from './load.ts';
export { chooseManifest } from './pull/choose.ts';
export type { PullOptions } from './pull/pull.ts';
export type { Packing } from './push/pack-blob.ts';
export type { ImageRecord } from './record.ts';
export type { RemoveOptions } from './remove.ts';
export type { Document, Repository } from './repository.ts';
export type { ForeignLayer } from './take-layers.ts';
