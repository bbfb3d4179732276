import type { KeyObject } from 'node:crypto';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { RegistryError } from '../errors.ts';
import { presented } from './credentials.ts';
import type { Action, Fault, Gate, Need, Visitor } from './gate.ts';
import type { Htpasswd } from './htpasswd.ts';
import type { Rule } from './rights.ts';
import { isGranted } from './rights.ts';
import type { Grant } from './token.ts';
import { issueToken, readToken } from './token.ts';

const ISSUER = 'gantry-registry';
const LIFE_SECONDS = 300;
const SCOPES_MOST = 64;
const ACTIONS: readonly Action[] = ['pull', 'push', 'delete'];

export interface TokenGateOptions {
  /** What a token is for: two registries with one key do not take each other's. */
  readonly service: string;
  /** Where tokens are asked for; undefined: at `/token` of the host that the client called. */
  readonly realm: string | undefined;
  readonly accounts: Htpasswd;
  readonly rules: readonly Rule[];
  /** Whether clients come by TLS. */
  readonly isSecure: boolean;
}

/** Lets in whoever brings a token, and hands tokens out for passwords. The key lives as long as the process. */
export class TokenGate implements Gate {
  readonly #options: TokenGateOptions;
  readonly #key: KeyObject;
  readonly #publicKey: KeyObject;

  constructor(options: TokenGateOptions) {
    this.#options = options;
    this.#key = generateKeyPairSync('ed25519').privateKey;
    this.#publicKey = createPublicKey(this.#key);
  }

  async admit(request: IncomingMessage): Promise<Visitor | undefined> {
    const found = presented(request);
    if (/^\/v1\/search(\?|$)/.test(request.url ?? '')) return await this.#searcher(request);
    if (found?.kind !== 'bearer') return undefined;
    const { service } = this.#options;
    const now = Math.floor(Date.now() / 1000);
    const claims = readToken(found.token, { key: this.#publicKey, issuer: ISSUER, service, now });
    if (!claims) throw new RegistryError('UNAUTHORIZED');
    const may = (repository: string, action: Action) =>
      claims.access.some((grant) => grant.name === repository && grant.actions.includes(action));
    return {
      account: claims.sub || undefined,
      may: (...asked) => may(...asked) || this.#mayList(claims.sub, ...asked),
    };
  }

  /** Docker: a search brings the password itself, or nothing. */
  async #searcher(request: IncomingMessage): Promise<Visitor> {
    const account = await this.#accountOf(request, new URLSearchParams());
    return { account, may: (name, action) => this.#mayList(account ?? '', name, action) };
  }

  /** Lists and mounts name repositories that a token has no word of: reading is judged by the rules. */
  #mayList(account: string, repository: string, action: Action): boolean {
    return action === 'pull' && isGranted(this.#options.rules, account || undefined, { repository, action });
  }

  challenge({ headers }: IncomingMessage, need?: Need, fault?: Fault): string {
    const { realm, service, isSecure } = this.#options;
    const host = (headers.host ?? 'localhost').replaceAll(/[^\w.:[\]-]/g, '');
    const where = realm ?? `${isSecure ? 'https' : 'http'}://${host}/token`;
    const scope = need && `,scope="repository:${need.repository}:${need.actions.join(',')}"`;
    return `Bearer realm="${where}",service="${service}"${scope ?? ''}${fault ? `,error="${fault}"` : ''}`;
  }

  /** Hands out a token for what is asked and granted; nothing granted is a token, too. Throws for a wrong password. */
  async issue(request: IncomingMessage, query: URLSearchParams): Promise<{ token: string; expires: number }> {
    const account = await this.#accountOf(request, query);
    const scopes = query.getAll('scope').flatMap((scope) => scope.split(' '));
    const access = scopes.slice(0, SCOPES_MOST).flatMap((scope) => this.#granted(scope, account));
    const iat = Math.floor(Date.now() / 1000);
    const times = { iat, nbf: iat, exp: iat + LIFE_SECONDS };
    const claims = { iss: ISSUER, aud: this.#options.service, sub: account ?? '', ...times, access };
    return { token: issueToken(claims, this.#key), expires: LIFE_SECONDS };
  }

  async #accountOf(request: IncomingMessage, query: URLSearchParams): Promise<string | undefined> {
    const found = presented(request);
    const [account, password] =
      found?.kind === 'basic' ? [found.account, found.password] : [query.get('username'), query.get('password')];
    if (account === null || password === null) return undefined;
    if (await this.#options.accounts.verify(account, password)) return account;
    throw new RegistryError('UNAUTHORIZED', { headers: { 'WWW-Authenticate': 'Basic realm="registry"' } });
  }

  #granted(scope: string, account: string | undefined): Grant[] {
    const match = /^repository:([^:]{1,255}):([a-z,*]{1,64})$/.exec(scope);
    if (!match) return [];
    const [name, asked] = [match[1]!, match[2]!.split(',')];
    const actions = ACTIONS.filter(
      (action) =>
        (asked.includes(action) || asked.includes('*')) &&
        isGranted(this.#options.rules, account, { repository: name, action }),
    );
    return actions.length > 0 ? [{ type: 'repository', name, actions }] : [];
  }
}
