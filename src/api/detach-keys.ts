import { invalid } from '#errdefs';

/** Docker's default: ctrl-p, ctrl-q. */
export const DEFAULT_DETACH_KEYS: Uint8Array = Uint8Array.of(16, 17);

const CONTROLS = '@abcdefghijklmnopqrstuvwxyz[\\]^_';
const DELETE = 127;

/** The error for a sequence that names no keys; `key` is the first that is none. */
export type Refuse = (text: string, key: string) => Error;

const refuseKeys: Refuse = (text) => invalid(`Invalid detach keys (${text}) provided`);

/** The bytes of a sequence like `ctrl-p,ctrl-q` or `a,ctrl-b`; '' is undefined, the default. */
export function parseDetachKeys(text: string, refuse: Refuse = refuseKeys): Uint8Array | undefined {
  if (text === '') return undefined;
  const codes = text.split(',').map((key) => {
    const code = codeOf(key);
    if (code < 0 || code > 255) throw refuse(text, key);
    return code;
  });
  return Uint8Array.from(codes);
}

function codeOf(key: string): number {
  if (key.length === 1) return key.charCodeAt(0);
  if (key === 'DEL') return DELETE;
  return key.startsWith('ctrl-') && key.length === 6 ? CONTROLS.indexOf(key[5]!) : -1;
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
