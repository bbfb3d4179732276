import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const sha256 = (bytes: Buffer): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** A registry to push to, in memory. */
export class PushRegistry implements AsyncDisposable {
  /** `repository@digest` of every blob. */
  readonly blobs = new Map<string, Buffer>();
  /** `repository:tag` and `repository@digest` of every manifest. */
  readonly manifests = new Map<string, { readonly type: string; readonly bytes: Buffer }>();
  /** Every request so far: `PUT /v2/…`. */
  readonly asked: string[] = [];
  /** Answers a request in its own way; true when it did. */
  behaviour: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined;
  readonly #uploads = new Map<string, Buffer>();
  readonly #server = createServer((request, response) => {
    void this.#serve(request, response).catch(() => response.destroy());
  });
  host = '';

  static async open(): Promise<PushRegistry> {
    const registry = new PushRegistry();
    registry.#server.listen(0, '127.0.0.1');
    await once(registry.#server, 'listening');
    registry.host = `127.0.0.1:${(registry.#server.address() as AddressInfo).port}`;
    return registry;
  }

  /** Forgets everything. */
  clear(): void {
    this.blobs.clear();
    this.manifests.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.asked.push(`${request.method} ${request.url}`);
    if (this.behaviour?.(request, response)) return void request.resume();
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const url = new URL(request.url!, 'http://x');
    const path = url.pathname.slice('/v2/'.length);
    const asked = { request, response, url, body: Buffer.concat(chunks) };
    const [, name, kind, id] = /^(.+)\/(manifests|blobs\/uploads|blobs)\/([^/]*)$/.exec(path) ?? [];
    if (path === '') return void response.end('{}');
    if (url.pathname === '/v1/search') return this.#search(url, response);
    if (path.endsWith('/tags/list')) return this.#tags(path.slice(0, -'/tags/list'.length), response);
    if (kind === 'manifests') return this.#manifest(name!, id!, asked);
    if (kind === 'blobs/uploads') return this.#upload(name!, id!, asked);
    const blob = this.blobs.get(`${name}@${id}`);
    response.writeHead(blob ? 200 : 404, { 'content-length': blob?.length ?? 0 });
    response.end(request.method === 'HEAD' ? undefined : blob);
  }

  #tags(name: string, response: ServerResponse): void {
    const tags = [...this.manifests.keys()].filter((key) => key.startsWith(`${name}:`));
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ name, tags: tags.map((key) => key.slice(name.length + 1)) }));
  }

  #search(url: URL, response: ServerResponse): void {
    const names = new Set([...this.manifests.keys()].map((key) => key.split(/[@:]/)[0]!));
    const term = url.searchParams.get('q') ?? '';
    const results = [...names]
      .filter((name) => name.includes(term))
      .map((name, i) => {
        return { name, description: `number ${i}`, star_count: i, is_official: i === 1, is_automated: false };
      });
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ num_results: results.length, query: term, results }));
  }

  #manifest(name: string, id: string, { request, response, body }: Asked): void {
    if (request.method === 'PUT') {
      const digest = sha256(body);
      const made = { type: request.headers['content-type']!, bytes: body };
      this.manifests.set(`${name}${id.includes(':') ? '@' : ':'}${id}`, made).set(`${name}@${digest}`, made);
      return void response.writeHead(201, { 'docker-content-digest': digest, 'content-length': 0 }).end();
    }
    const found = this.manifests.get(`${name}${id.includes(':') ? '@' : ':'}${id}`);
    if (!found) return void response.writeHead(404, { 'content-length': 0 }).end();
    const { type, bytes } = found;
    const about = { 'content-type': type, 'docker-content-digest': sha256(bytes), 'content-length': bytes.length };
    response.writeHead(200, about);
    response.end(request.method === 'HEAD' ? undefined : bytes);
  }

  #upload(name: string, id: string, { request, response, url, body }: Asked): void {
    const answer = (status: number, place: string) => {
      const held = this.#uploads.get(place.split('?')[0]!)?.length ?? 0;
      response.setHeader('docker-upload-uuid', place.split('?')[0]!).setHeader('range', `0-${Math.max(0, held - 1)}`);
      response.writeHead(status, { location: `/v2/${name}/blobs/uploads/${place}`, 'content-length': 0 }).end();
    };
    if (request.method === 'DELETE') return void response.writeHead(204).end();
    if (request.method === 'POST') {
      const [mount, from] = [url.searchParams.get('mount'), url.searchParams.get('from')];
      const source = this.blobs.get(`${from}@${mount}`);
      if (source) {
        this.blobs.set(`${name}@${mount}`, source);
        answer(201, '');
        return;
      }
      const place = randomUUID();
      this.#uploads.set(place, Buffer.alloc(0));
      answer(202, `${place}?state=kept`);
      return;
    }
    const bytes = Buffer.concat([this.#uploads.get(id) ?? Buffer.alloc(0), body]);
    if (request.method === 'PATCH') {
      this.#uploads.set(id, bytes);
      answer(202, `${id}?state=kept`);
      return;
    }
    const digest = url.searchParams.get('digest')!;
    const isRight = sha256(bytes) === digest && url.searchParams.get('state') === 'kept';
    if (isRight) this.blobs.set(`${name}@${digest}`, bytes);
    const errors = [{ code: 'DIGEST_INVALID', message: 'provided digest did not match uploaded content' }];
    response.writeHead(isRight ? 201 : 400, { 'content-type': 'application/json' });
    response.end(isRight ? undefined : JSON.stringify({ errors }));
  }
}

interface Asked {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  readonly body: Buffer;
}
