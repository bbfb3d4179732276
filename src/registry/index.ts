/**
 * A registry of images: the distribution API of OCI 1.1 and of Docker, as a front door over storage that its starter gives
 * (deps.ts). Blobs, manifests and tags are visible only when they are whole, checked and on the disk; uploads outlive the
 * process. It knows no engine: gantryd serves its own content store by it, and it runs alone on a folder.
 *
 *     await using registry = await startRegistry({ storage: folder });
 *     fetch(`http://${registry.address}/v2/`);
 */

export type { Action, Gate, Need, Visitor } from './access/gate.ts';
export { OPEN_GATE } from './access/gate.ts';
export type { Collected } from './collect.ts';
export { Collector } from './collect.ts';
export type { RegistryConfig, UpstreamConfig } from './config.ts';
export { isStructured, registryConfig } from './config.ts';
export type { BlobStore, ByteRange, NameStore, Storage, Upstream, UpstreamBlob } from './deps.ts';
export type { SendFile } from './http/send.ts';
export type { QuotaLimits } from './quota.ts';
export type { Referrer } from './reader.ts';
export type { RegistryEvent } from './registry.ts';
export { Registry } from './registry.ts';
export { Repositories } from './repositories.ts';
export type { RunDeps } from './run.ts';
export { runRegistry } from './run.ts';
export type { Settings } from './settings.ts';
export { DEFAULT_SETTINGS } from './settings.ts';
export type { RunningRegistry, StartOptions } from './start.ts';
export { startRegistry } from './start.ts';
export { FolderBlobs, FolderNames, folderStorage } from './storage/folder.ts';
export { openStorage } from './storage/open.ts';
