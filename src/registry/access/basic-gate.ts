import type { IncomingMessage } from 'node:http';
import { RegistryError } from '../errors.ts';
import { presented } from './credentials.ts';
import type { Action, Gate, Visitor } from './gate.ts';
import type { Htpasswd } from './htpasswd.ts';
import type { Rule } from './rights.ts';
import { ANONYMOUS, isGranted } from './rights.ts';

/** Lets in whoever brings the password of an account with each request. */
export class BasicGate implements Gate {
  readonly #realm: string;
  readonly #accounts: Htpasswd;
  readonly #rules: readonly Rule[];

  constructor({ realm, accounts, rules }: { realm: string; accounts: Htpasswd; rules: readonly Rule[] }) {
    this.#realm = realm;
    this.#accounts = accounts;
    this.#rules = rules;
  }

  async admit(request: IncomingMessage): Promise<Visitor | undefined> {
    const found = presented(request);
    if (!found) return this.#isOpenTo(request) ? this.#visitor(undefined) : undefined;
    if (found.kind !== 'basic' || !(await this.#accounts.verify(found.account, found.password))) {
      throw new RegistryError('UNAUTHORIZED');
    }
    return this.#visitor(found.account);
  }

  challenge(): string {
    return `Basic realm=${JSON.stringify(this.#realm)}`;
  }

  /** Docker asks the root whether it has to bring a password, and brings none anywhere when it is let in there. */
  #isOpenTo({ url }: IncomingMessage): boolean {
    return !/^\/v2\/?(\?|$)/.test(url ?? '') && this.#rules.some(({ account }) => account === ANONYMOUS);
  }

  #visitor(account: string | undefined): Visitor {
    const may = (repository: string, action: Action) => isGranted(this.#rules, account, { repository, action });
    return { account, may };
  }
}
