/**
 * The content store: blobs by digest, in a folder that is a valid OCI image layout (`blobs/sha256`, `oci-layout`,
 * `index.json`), so that other tools read it in place. A blob is visible only after its digest is verified and its bytes
 * are on the disk. What nobody's lease holds and no root reaches goes at the next collection. Blobs are immutable; a
 * temporary file of a dead process is removed at the next start, but a download goes on where it was ({@link Partial}).
 */

export { reachable } from './collect.ts';
export type { ReceiveOptions } from './content.ts';
export { Content } from './content.ts';
export { Lease } from './lease.ts';
export type { Partial } from './partial.ts';
export type { Received } from './received.ts';
export { verified } from './verified.ts';
