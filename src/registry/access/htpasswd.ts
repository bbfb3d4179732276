import { createHmac, randomBytes } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { compare } from 'bcryptjs';

const LIMIT = 4 * 2 ** 20;
/** How long a password that was right is remembered, as a keyed hash: bcrypt takes a tenth of a second each time. */
const REMEMBER_MS = 300_000;
const REMEMBER_MOST = 1000;
/** bcrypt reads no more of a password; a longer one would be as good as its beginning. */
const PASSWORD_BYTES = 72;
/** What a password is compared with when there is no such account, so that both take the same time. */
const NOBODY = '$2b$10$CwTycUXWue0Thq9StjUM0uJ8aWfQb1zC9mE0Jq0bq8B0n8nQ0kX2e';

/** Accounts and their bcrypt hashes, from the text of a file of `htpasswd -B`. Lines of other kinds are not accepted. */
export function parseHtpasswd(text: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const line of text.split('\n')) {
    const at = line.indexOf(':');
    const [account, hash] = [line.slice(0, at).trim(), line.slice(at + 1).trim()];
    if (line.startsWith('#') || at <= 0 || !/^\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}$/.test(hash)) continue;
    found.set(account, hash);
  }
  return found;
}

/** The accounts of a file, which is read again when it has changed. */
export class Htpasswd {
  readonly #path: string;
  readonly #key = randomBytes(32);
  readonly #remembered = new Map<string, number>();
  #accounts = new Map<string, string>();
  #read = '';

  constructor(path: string) {
    this.#path = path;
  }

  /** Whether this is the account's password. */
  async verify(account: string, password: string): Promise<boolean> {
    await this.#refresh();
    const hash = this.#accounts.get(account);
    if (Buffer.byteLength(password) > PASSWORD_BYTES) return false;
    const proof = createHmac('sha256', this.#key)
      .update(JSON.stringify([account, hash, password]))
      .digest('base64');
    if (hash && (this.#remembered.get(proof) ?? 0) > Date.now()) return true;
    const isRight = await compare(password, hash ?? NOBODY);
    if (!isRight || !hash) return false;
    if (this.#remembered.size >= REMEMBER_MOST) this.#remembered.clear();
    this.#remembered.set(proof, Date.now() + REMEMBER_MS);
    return true;
  }

  async #refresh(): Promise<void> {
    const { mtimeMs, size, ino } = await stat(this.#path);
    const version = `${mtimeMs} ${size} ${ino}`;
    if (version === this.#read) return;
    if (size > LIMIT) throw new Error(`${this.#path}: larger than ${LIMIT} bytes`);
    this.#accounts = parseHtpasswd(await readFile(this.#path, 'utf8'));
    this.#read = version;
  }
}
