import type { Descriptor, Digest, ImageConfig } from '#oci';

/** An image as the database has it. */
export interface ImageRecord {
  /** Digest of the config document. */
  readonly id: Digest;
  /** What the image came as: an index or a manifest. */
  readonly target: Descriptor;
  /** Digest of its own manifest. */
  readonly manifest: Digest;
  readonly config: ImageConfig;
  /** Chain ids of its layers, base first. */
  readonly layers: readonly Digest[];
  /** As Docker shows them: `busybox:latest`; ordered by their long form. */
  readonly repoTags: readonly string[];
  readonly repoDigests: readonly string[];
  /** Bytes of all unpacked layers. */
  readonly size: number;
  readonly parent: Digest | '';
  /** RFC 3339 with nanoseconds. */
  readonly lastTagged: string | undefined;
  /** In ns since the epoch; undefined when the config has none. */
  readonly created: bigint | undefined;
  /** What lists show and order by: when it was built here, where its config tells a time of its inputs, else `created`. */
  readonly listed: bigint | undefined;
  /** Removed by the user while a container used it: kept for that container, seen by nobody else. */
  readonly hidden: boolean;
}

/** An image to be recorded. */
export interface NewImage {
  readonly id: Digest;
  readonly target: Descriptor;
  readonly manifest: Digest;
  readonly document: Uint8Array;
  readonly layers: readonly { readonly chainId: Digest; readonly diffId: Digest; readonly size: number }[];
  readonly parent?: Digest;
  /** ms since the epoch: when it was built here, if its config says something else. */
  readonly builtAt?: number;
}

/** RFC 3339 with any fraction, in ns since the epoch. */
export function parseTime(text: string): bigint {
  const [, seconds, fraction = '', zone] = /^(.{19})(?:\.(\d+))?(.*)$/.exec(text) ?? [];
  const nanos = BigInt(fraction.slice(0, 9).padEnd(9, '0'));
  return BigInt(Date.parse(`${seconds}${zone}`)) * 1_000_000n + nanos;
}

/** Whole seconds since the epoch, rounded down; 0 when unknown. */
export function unixSeconds(nanos: bigint | undefined): number {
  return nanos === undefined ? 0 : Math.floor(Number(nanos / 1_000_000n) / 1000);
}
