import { DEFAULT_DETACH_KEYS, parseDetachKeys } from '#api';

/** The keys that detach, unless the user says otherwise. */
export const defaultDetachKeys = 'ctrl-p,ctrl-q';

/** The bytes that a key sequence such as `ctrl-p,ctrl-q` stands for; throws for an unknown key. */
export function detachKeyBytes(keys: string): Uint8Array {
  return parseDetachKeys(keys, (_, key) => new Error(`Unknown character: '${key}'`)) ?? DEFAULT_DETACH_KEYS;
}
