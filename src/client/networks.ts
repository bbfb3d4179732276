import type {
  NetworkConnectRequest,
  NetworkCreateRequest,
  NetworkCreateResponse,
  NetworkDisconnectRequest,
  NetworkResource,
} from '#api';
import type { Transport } from './transport.ts';

/** The network routes. */
export class Networks {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  list(filters?: string): Promise<NetworkResource[]> {
    return this.#transport.json({ method: 'GET', path: '/networks', query: { filters } });
  }

  create(body: Partial<NetworkCreateRequest>): Promise<NetworkCreateResponse> {
    return this.#transport.json({ method: 'POST', path: '/networks/create', json: body });
  }

  /** The inspect answer as the daemon wrote it. */
  async inspectText(name: string, query: { verbose?: boolean } = {}): Promise<string> {
    return (await this.#transport.request({ method: 'GET', path: of(name), query })).body.text();
  }

  remove(name: string): Promise<void> {
    return this.#transport.send({ method: 'DELETE', path: of(name) });
  }

  connect(name: string, body: NetworkConnectRequest): Promise<void> {
    return this.#transport.send({ method: 'POST', path: `${of(name)}/connect`, json: body });
  }

  disconnect(name: string, body: NetworkDisconnectRequest): Promise<void> {
    return this.#transport.send({ method: 'POST', path: `${of(name)}/disconnect`, json: body });
  }
}

const of = (name: string) => `/networks/${encodeURIComponent(name)}`;
