/** A blob or an unpacked layer that is not what it should be. */
export interface FsckProblem {
  Kind: 'blob' | 'snapshot';
  /** The digest of the blob, or the chain id of the layer. */
  Digest: string;
  What: 'missing' | 'damaged';
  /** The names of an image that needs it. */
  Images: string[];
  /** Names in an unpacked layer that are not as its archive says, at most ten; absent but for a deep check. */
  Paths?: string[];
  /** How it was repaired; '' when it was not. */
  Repair: string;
  /** Why it was not. */
  Error: string;
}

/** What a check of all images found. */
export interface FsckReport {
  /** How many of each were checked. */
  Blobs: number;
  Snapshots: number;
  Problems: FsckProblem[];
}
