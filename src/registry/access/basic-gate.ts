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
    if (!found) return this.#rules.some(({ account }) => account === ANONYMOUS) ? this.#visitor(undefined) : undefined;
    if (found.kind !== 'basic' || !(await this.#accounts.verify(found.account, found.password))) {
      throw new RegistryError('UNAUTHORIZED');
    }
    return this.#visitor(found.account);
  }

  challenge(): string {
    return `Basic realm=${JSON.stringify(this.#realm)}`;
  }

  #visitor(account: string | undefined): Visitor {
    const may = (repository: string, action: Action) => isGranted(this.#rules, account, { repository, action });
    return { account, may };
  }
}
