/** JSON with 64-bit numbers: resource limits may be the largest unsigned one ("unlimited"), which no float holds. */
export function stringify(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'bigint' ? (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(String(inner)) : inner,
  );
}
