/** What a foreign image document may hold at most; beyond it is an error, never truncation. */
export const IMAGE_LIMITS = {
  manifestBytes: 4 * 2 ** 20,
  configBytes: 8 * 2 ** 20,
  layers: 512,
  manifests: 4096,
  history: 4096,
} as const;
