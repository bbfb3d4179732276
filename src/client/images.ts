import type { HistoryItem, ImageDeleteItem, ImagePruneReport, ImageSummary } from '#api';
import type { Body } from './body.ts';
import type { Response, Transport } from './transport.ts';

/** The image routes. Platforms are JSON as the API takes them. */
export class Images {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  list(query: {
    all?: boolean;
    digests?: boolean;
    filters?: string;
    'shared-size'?: boolean;
  }): Promise<ImageSummary[]> {
    return this.#transport.json({ method: 'GET', path: '/images/json', query });
  }

  /** The inspect answer as the daemon wrote it. */
  async inspectText(name: string, query: { platform?: string } = {}): Promise<string> {
    return (await this.#transport.request({ method: 'GET', path: `${of(name)}/json`, query })).body.text();
  }

  history(name: string, query: { platform?: string } = {}): Promise<HistoryItem[]> {
    return this.#transport.json({ method: 'GET', path: `${of(name)}/history`, query });
  }

  tag(name: string, query: { repo: string; tag?: string }): Promise<void> {
    return this.#transport.send({ method: 'POST', path: `${of(name)}/tag`, query });
  }

  remove(
    name: string,
    query: { force?: boolean; noprune?: boolean; platforms?: string[] },
  ): Promise<ImageDeleteItem[]> {
    return this.#transport.json({ method: 'DELETE', path: of(name), query });
  }

  prune(filters?: string): Promise<ImagePruneReport> {
    return this.#transport.json({ method: 'POST', path: '/images/prune', query: { filters } });
  }

  load(stream: AsyncIterable<Uint8Array>, query: { quiet?: boolean; platform?: string }): Promise<Response> {
    const headers = { 'Content-Type': 'application/x-tar' };
    const asked = { quiet: query.quiet ? '1' : '0', platform: query.platform };
    return this.#transport.request({ method: 'POST', path: '/images/load', query: asked, headers, stream });
  }

  /** Pushes an image, or without a tag all of a repository. `auth` is the `X-Registry-Auth` header. */
  async push(name: string, query: { tag?: string; platform?: string }, auth: string): Promise<Body> {
    const headers = { 'X-Registry-Auth': auth };
    return (await this.#transport.request({ method: 'POST', path: `${of(name)}/push`, query, headers })).body;
  }

  /** The archive of these images. */
  async save(names: readonly string[], query: { platform?: string } = {}): Promise<Body> {
    const asked = { names: [...names], platform: query.platform };
    return (await this.#transport.request({ method: 'GET', path: '/images/get', query: asked })).body;
  }

  /** Makes an image from a tar stream (`fromSrc` is `-`) or a URL that the daemon fetches. */
  async import(
    query: Record<string, string | string[] | undefined>,
    stream?: AsyncIterable<Uint8Array>,
  ): Promise<Body> {
    const headers = { 'Content-Type': 'text/plain' };
    return (await this.#transport.request({ method: 'POST', path: '/images/create', query, headers, stream })).body;
  }

  /** Pulls an image; `auth` is the `X-Registry-Auth` header. */
  async pull(
    query: { fromImage: string; tag?: string | undefined; platform?: string },
    auth?: string | undefined,
  ): Promise<Body> {
    const headers: Record<string, string> = auth === undefined ? {} : { 'X-Registry-Auth': auth };
    return (await this.#transport.request({ method: 'POST', path: '/images/create', query, headers })).body;
  }
}

function of(name: string): string {
  return `/images/${encodeURIComponent(name).replaceAll('%2F', '/').replaceAll('%3A', ':')}`;
}
