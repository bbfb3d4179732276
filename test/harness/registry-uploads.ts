import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RegistryDouble } from './registry.ts';
import { fail, sha256 } from './registry.ts';

/** A request about something of a repository. */
export interface Addressed {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly name: string;
  readonly id: string;
}

/** Uploads that a {@link RegistryDouble} takes: whole, in chunks, and mounts. */
export class Uploads {
  readonly #registry: RegistryDouble;
  readonly #held = new Map<string, Buffer>();

  constructor(registry: RegistryDouble) {
    this.#registry = registry;
  }

  async serve(asked: Addressed & { readonly url: URL }): Promise<void> {
    const { request, response, url, name, id } = asked;
    if (request.method === 'DELETE') return void response.writeHead(204).end();
    if (request.method === 'POST') return this.#begin(asked);
    const bytes = Buffer.concat([this.#held.get(id) ?? Buffer.alloc(0), await bodyOf(request)]);
    if (request.method === 'PATCH') {
      this.#held.set(id, bytes);
      return this.#accept(asked, 202, `${id}?state=kept`);
    }
    const digest = url.searchParams.get('digest')!;
    const isRight = sha256(bytes) === digest && url.searchParams.get('state') === 'kept';
    if (!isRight) return fail(response, 400, 'DIGEST_INVALID', 'provided digest did not match uploaded content');
    this.#registry.place(name, digest, bytes);
    response.writeHead(201, { 'content-length': 0 }).end();
  }

  #begin(asked: Addressed & { readonly url: URL }): void {
    const [mount, from] = [asked.url.searchParams.get('mount'), asked.url.searchParams.get('from')];
    const source = mount && from && this.#registry.blobOf(from, mount);
    if (source) {
      this.#registry.place(asked.name, mount, source);
      this.#accept(asked, 201, '');
      return;
    }
    const place = randomUUID();
    this.#held.set(place, Buffer.alloc(0));
    this.#accept(asked, 202, `${place}?state=kept`);
  }

  #accept({ response, name }: Addressed, status: number, place: string): void {
    const held = this.#held.get(place.split('?')[0]!)?.length ?? 0;
    response.setHeader('docker-upload-uuid', place.split('?')[0]!).setHeader('range', `0-${Math.max(0, held - 1)}`);
    response.writeHead(status, { location: `/v2/${name}/blobs/uploads/${place}`, 'content-length': 0 }).end();
  }
}

/** All of a request's body. */
export async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
