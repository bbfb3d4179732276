import { IMAGE_LIMITS } from '#oci';
import type { Pace } from './http/body.ts';
import type { QuotaLimits } from './quota.ts';

/** What a registry allows, beyond who may do it. */
export interface Settings {
  /** Whether anything can be changed. */
  readonly readOnly: boolean;
  /** Whether blobs, manifests and tags can be deleted. */
  readonly delete: boolean;
  readonly manifestBytes: number;
  readonly blobBytes: number;
  /** What senders must bring; below it a request is dropped. */
  readonly pace: Pace;
  /** How long a reader of an answer may take nothing. */
  readonly idleMs: number;
  /** An upload that nobody goes on with is removed after this time. */
  readonly uploadMs: number;
  readonly quota: QuotaLimits;
  /** Of every answer, beside its own: what browsers ask for, mostly. */
  readonly headers: Readonly<Record<string, string>>;
}

export const DEFAULT_SETTINGS: Settings = {
  readOnly: false,
  delete: true,
  manifestBytes: IMAGE_LIMITS.manifestBytes,
  blobBytes: 256 * 2 ** 30,
  pace: { windowMs: 15_000, bytes: 1024 },
  idleMs: 60_000,
  uploadMs: 7 * 24 * 3600_000,
  quota: { repository: 0, total: 0 },
  headers: {},
};
