import { internal } from '#errdefs';

/** Docker: ctrl-p,ctrl-q. */
export const DEFAULT_DETACH_KEYS: Uint8Array = Uint8Array.of(16, 17);

const CONTROL = '@abcdefghijklmnopqrstuvwxyz[\\]^_';

/** The bytes of `ctrl-p,ctrl-q` or `a,ctrl-@`; '' has none. */
export function parseDetachKeys(text: string): Uint8Array | undefined {
  if (text === '') return undefined;
  return Uint8Array.from(
    text.split(',').map((key) => {
      if (key.length === 1) return key.charCodeAt(0);
      const control = key.startsWith('ctrl-') && key.length === 6 ? CONTROL.indexOf(key[5]!) : -1;
      if (control < 0) throw internal(`Invalid escape keys (${text}) provided`);
      return control;
    }),
  );
}

/** Looks for the detach keys in what a user types, across reads. What turns out not to be them is passed on. */
export class DetachScanner {
  readonly #keys: Uint8Array;
  #matched = 0;

  constructor(keys: Uint8Array) {
    this.#keys = keys;
  }

  /** The bytes to pass on; `detached` when the whole sequence has been seen, and nothing behind it counts. */
  scan(bytes: Uint8Array): { readonly forward: Uint8Array; readonly detached: boolean } {
    const forward: number[] = [];
    for (const byte of bytes) {
      if (byte !== this.#keys[this.#matched]) this.#giveBack(forward);
      if (byte !== this.#keys[this.#matched]) forward.push(byte);
      else if (++this.#matched === this.#keys.length) return { forward: Uint8Array.from(forward), detached: true };
    }
    return { forward: Uint8Array.from(forward), detached: false };
  }

  #giveBack(forward: number[]): void {
    forward.push(...this.#keys.subarray(0, this.#matched));
    this.#matched = 0;
  }
}
