import type { AuthConfig, LoginResult, SearchResult } from '#api';
import type { Transport } from './transport.ts';

/** The routes that speak to registries. */
export class Registries {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  login(config: Partial<AuthConfig>): Promise<LoginResult> {
    return this.#transport.json({ method: 'POST', path: '/auth', json: config });
  }

  /** `auth` is the `X-Registry-Auth` header. */
  search(
    query: { term: string; limit?: number | undefined; filters?: string | undefined },
    auth: string | undefined,
  ): Promise<SearchResult[]> {
    const headers: Record<string, string> = auth === undefined ? {} : { 'X-Registry-Auth': auth };
    return this.#transport.json({ method: 'GET', path: '/images/search', query, headers });
  }
}
