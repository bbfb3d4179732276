import { invalid } from '#errdefs';

/** Docker's default: ctrl-p, ctrl-q. */
export const DEFAULT_DETACH_KEYS: Uint8Array = Uint8Array.of(16, 17);

const CONTROLS = new Map<string, number>([
  ...Array.from({ length: 26 }, (_, i) => [`ctrl-${String.fromCharCode(97 + i)}`, i + 1] as const),
  ['ctrl-@', 0] as const,
  ['ctrl-[', 27] as const,
  ['ctrl-\\', 28] as const,
  ['ctrl-]', 29] as const,
  ['ctrl-^', 30] as const,
  ['ctrl-_', 31] as const,
  ['DEL', 127] as const,
]);

/** The bytes of a sequence like `ctrl-p,ctrl-q` or `a,ctrl-b`; '' is undefined, the default. */
export function parseDetachKeys(text: string): Uint8Array | undefined {
  if (text === '') return undefined;
  const codes = text.split(',').map((key) => (key.length === 1 ? key.charCodeAt(0) : CONTROLS.get(key)));
  if (codes.some((code) => code === undefined || code > 255)) {
    throw invalid(`Invalid detach keys (${text}) provided`);
  }
  return Uint8Array.from(codes as number[]);
}

/** Finds the detach sequence in what a client types; what only began like it is passed on later. */
export class DetachScanner {
  readonly #keys: Uint8Array;
  #matched = 0;

  constructor(keys: Uint8Array = DEFAULT_DETACH_KEYS) {
    this.#keys = keys;
  }

  /** The bytes to pass on now, and whether the sequence is complete (what follows it is dropped). */
  push(bytes: Uint8Array): { data: Uint8Array; isDetached: boolean } {
    if (this.#keys.length === 0) return { data: bytes, isDetached: false };
    const out: number[] = [];
    for (const byte of bytes) {
      if (byte !== this.#keys[this.#matched]) {
        for (let i = 0; i < this.#matched; i++) out.push(this.#keys[i]!);
        this.#matched = 0;
      }
      if (byte === this.#keys[this.#matched]) this.#matched++;
      else out.push(byte);
      if (this.#matched === this.#keys.length) {
        this.#matched = 0;
        return { data: Uint8Array.from(out), isDetached: true };
      }
    }
    return { data: Uint8Array.from(out), isDetached: false };
  }
}
