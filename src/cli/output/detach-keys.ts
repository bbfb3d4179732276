/** The keys that detach, unless the user says otherwise. */
export const defaultDetachKeys = 'ctrl-p,ctrl-q';

/** The bytes that a key sequence such as `ctrl-p,ctrl-q` stands for; throws for an unknown key. */
export function parseDetachKeys(keys: string): Buffer {
  const bytes = keys.split(',').map((key) => {
    if (key.length === 1) return key.charCodeAt(0);
    const control = /^ctrl-([a-zA-Z@[\\\]^_])$/.exec(key)?.[1];
    if (control === undefined) throw new Error(`Unknown character: '${key}'`);
    return control.toLowerCase().charCodeAt(0) & 0x1f;
  });
  return Buffer.from(bytes);
}

/** Watches typed bytes for the sequence: what is to be passed on, and whether the user detached. */
export class DetachWatch {
  readonly #keys: Buffer;
  #matched = 0;

  constructor(keys: Buffer) {
    this.#keys = keys;
  }

  push(typed: Buffer): { pass: Buffer; detached: boolean } {
    const pass: number[] = [];
    for (const byte of typed) {
      if (byte !== this.#keys[this.#matched]) {
        pass.push(...this.#keys.subarray(0, this.#matched));
        this.#matched = 0;
      }
      if (byte !== this.#keys[this.#matched]) {
        pass.push(byte);
        continue;
      }
      this.#matched += 1;
      if (this.#matched === this.#keys.length) return { pass: Buffer.from(pass), detached: true };
    }
    return { pass: Buffer.from(pass), detached: false };
  }
}
