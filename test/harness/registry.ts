import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { entry } from '../crash/archive.ts';
import type { Addressed } from './registry-uploads.ts';
import { bodyOf, Uploads } from './registry-uploads.ts';

const OCI = 'application/vnd.oci.image';
export const TYPES = {
  index: `${OCI}.index.v1+json`,
  manifest: `${OCI}.manifest.v1+json`,
  config: `${OCI}.config.v1+json`,
  layer: `${OCI}.layer.v1.tar+gzip`,
  zstd: `${OCI}.layer.v1.tar+zstd`,
  dockerList: 'application/vnd.docker.distribution.manifest.list.v2+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerConfig: 'application/vnd.docker.container.image.v1+json',
  dockerLayer: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
} as const;

export interface Blob {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly annotations?: Record<string, string>;
  readonly platform?: object;
}

/** Answers a request in its own way; true when it did. */
export type Behaviour = (request: IncomingMessage, response: ServerResponse) => boolean | Promise<boolean>;

/** Who may read: everybody, one user by password, or whoever got a token from `realm`. */
export interface Guard {
  readonly scheme: 'basic' | 'bearer';
  readonly user: string;
  readonly password: string;
  readonly realm?: string;
}

export const sha256 = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/**
 * A registry in memory, to pull from and to push to, that lies when it is told to. What a test puts into it every repository
 * has; what is pushed only the one that it was pushed or mounted to.
 */
export class RegistryDouble implements AsyncDisposable {
  readonly blobs = new Map<string, Buffer>();
  /** By `name:tag` and by `name@digest`. */
  readonly manifests = new Map<string, { readonly type: string; readonly bytes: Buffer }>();
  /** Every request so far: `GET /v2/…`, with its headers. */
  readonly asked: { readonly line: string; readonly headers: IncomingMessage['headers'] }[] = [];
  behaviour: Behaviour | undefined;
  guard: Guard | undefined;
  readonly #pushed = new Map<string, Set<string>>();
  readonly #uploads = new Uploads(this);
  readonly #server = createServer(
    (request, response) => void this.#serve(request, response).catch(() => response.destroy()),
  );
  host = '';

  static async open(port = 0, address = '127.0.0.1'): Promise<RegistryDouble> {
    const registry = new RegistryDouble();
    registry.#server.listen(port, address);
    await once(registry.#server, 'listening');
    registry.host = `${address}:${(registry.#server.address() as AddressInfo).port}`;
    return registry;
  }

  /** Forgets what it has. */
  clear(): void {
    this.blobs.clear();
    this.manifests.clear();
    this.#pushed.clear();
  }

  /** How often a line that matches was asked. */
  count(pattern: RegExp): number {
    return this.asked.filter(({ line }) => pattern.test(line)).length;
  }

  blob(bytes: Buffer, mediaType: string, more: object = {}): Blob {
    const digest = sha256(bytes);
    this.blobs.set(digest, bytes);
    return { mediaType, digest, size: bytes.length, ...more };
  }

  /** A blob as a repository has it. */
  blobOf(name: string, digest: string): Buffer | undefined {
    return this.#pushed.get(digest)?.has(name) === false ? undefined : this.blobs.get(digest);
  }

  /** Gives a repository a blob that was pushed or mounted. */
  place(name: string, digest: string, bytes: Buffer): void {
    this.blobs.set(digest, bytes);
    this.#pushed.set(digest, new Set([...(this.#pushed.get(digest) ?? []), name]));
  }

  manifest(name: string, tag: string, document: object | Buffer, type: string = TYPES.manifest): Blob {
    const bytes = Buffer.isBuffer(document) ? document : Buffer.from(JSON.stringify(document));
    const digest = sha256(bytes);
    for (const key of [tag, digest]) this.manifests.set(keyOf(name, key), { type, bytes });
    return { mediaType: type, digest, size: bytes.length };
  }

  /** An image of these layers (plain tars), as a registry has it. */
  image(name: string, tag: string, layers: readonly Buffer[], about: ImageAbout = {}): Blob {
    const { architecture = process.arch === 'x64' ? 'amd64' : process.arch, packing = 'gzip', variant } = about;
    const config = Buffer.from(
      JSON.stringify({
        architecture,
        ...(variant && { variant }),
        os: 'linux',
        created: '2024-01-02T03:04:05Z',
        config: { Cmd: ['sh'], Env: ['PATH=/bin'], Labels: { made: 'double' } },
        rootfs: { type: 'layers', diff_ids: layers.map(sha256) },
        history: layers.map((_, i) => ({ created: '2024-01-02T03:04:05Z', created_by: `step ${i}` })),
      }),
    );
    const pack = packing === 'zstd' ? zstdCompressSync : packing === 'gzip' ? gzipSync : (bytes: Buffer) => bytes;
    const type = packing === 'none' ? TYPES.layer.replace('+gzip', '') : packing === 'zstd' ? TYPES.zstd : TYPES.layer;
    const document = {
      schemaVersion: 2,
      mediaType: TYPES.manifest,
      config: this.blob(config, TYPES.config),
      layers: layers.map((layer) => this.blob(pack(layer), type)),
      ...about.more,
    };
    return this.manifest(name, tag, document);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.asked.push({ line: `${request.method} ${request.url}`, headers: request.headers });
    if (await this.behaviour?.(request, response)) return void request.resume();
    const url = new URL(request.url!, 'http://x');
    if (url.pathname.startsWith('/token')) return this.#token(request, response);
    if (!this.#isAllowed(request)) return this.#challenge(response);
    if (url.pathname === '/v2/') return json(response, {});
    if (url.pathname === '/v1/search') return this.#search(url, response);
    const [, name, kind, id] = PATH.exec(url.pathname) ?? [];
    if (kind === 'tags') return this.#tags(name!, response);
    if (kind === 'manifests') return this.#manifest({ request, response, name: name!, id: id! });
    if (kind === 'blobs/uploads') return this.#uploads.serve({ request, response, url, name: name!, id: id! });
    const blob = this.blobOf(name!, id!);
    if (!blob) return fail(response, 404, 'BLOB_UNKNOWN', 'not here');
    send(request, response, blob);
  }

  async #manifest({ request, response, name, id }: Addressed): Promise<void> {
    if (request.method === 'PUT') {
      const { digest } = this.manifest(name, id, await bodyOf(request), request.headers['content-type']);
      return void response.writeHead(201, { 'docker-content-digest': digest, 'content-length': 0 }).end();
    }
    const manifest = this.manifests.get(keyOf(name, id));
    if (!manifest) return fail(response, 404, 'MANIFEST_UNKNOWN', 'not here');
    response.setHeader('content-type', manifest.type).setHeader('docker-content-digest', sha256(manifest.bytes));
    send(request, response, manifest.bytes);
  }

  #tags(name: string, response: ServerResponse): void {
    const tagged = [...this.manifests.keys()].filter((key) => key.startsWith(`${name}:`));
    json(response, { name, tags: tagged.map((key) => key.slice(name.length + 1)) });
  }

  #search(url: URL, response: ServerResponse): void {
    const names = new Set([...this.manifests.keys()].map((key) => key.split(/[@:]/)[0]!));
    const query = url.searchParams.get('q') ?? '';
    const results = [...names]
      .filter((name) => name.includes(query))
      .map((name, i) => {
        return { name, description: `number ${i}`, star_count: i, is_official: i === 1, is_automated: false };
      });
    json(response, { num_results: results.length, query, results });
  }

  #isAllowed({ headers: { authorization } }: IncomingMessage): boolean {
    if (!this.guard) return true;
    if (this.guard.scheme === 'bearer') return authorization === 'Bearer good';
    return authorization === basic(this.guard);
  }

  #challenge(response: ServerResponse): void {
    const { scheme, realm = `http://${this.host}/token` } = this.guard!;
    const header = scheme === 'basic' ? 'Basic realm="double"' : `Bearer realm="${realm}",service="double"`;
    response.setHeader('www-authenticate', header);
    fail(response, 401, 'UNAUTHORIZED', 'authentication required');
  }

  async #token(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = (await bodyOf(request)).toString();
    const isKnown = body.includes('refresh_token=identity') || request.headers.authorization === basic(this.guard!);
    if (!isKnown) return fail(response, 401, 'UNAUTHORIZED', 'incorrect username or password');
    const offline = request.url!.includes('offline_token=true') ? { refresh_token: 'identity' } : {};
    json(response, { token: 'good', access_token: 'good', ...offline });
  }
}

/** `/v2/name/manifests/id`, `/v2/name/blobs/id`, `/v2/name/blobs/uploads/[id]`, `/v2/name/tags/list`. */
const PATH = /^\/v2\/(.+)\/(tags|manifests|blobs\/uploads|blobs)\/([^/]*)$/;

const keyOf = (name: string, id: string): string => `${name}${id.includes(':') ? '@' : ':'}${id}`;

export interface ImageAbout {
  readonly architecture?: string;
  readonly variant?: string;
  readonly packing?: 'gzip' | 'zstd' | 'none';
  readonly more?: object;
}

const basic = ({ user, password }: Guard) => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

export function fail(response: ServerResponse, status: number, code: string, message: string): void {
  response.statusCode = status;
  json(response, { errors: [{ code, message }] });
}

function json(response: ServerResponse, value: object): void {
  response.setHeader('content-type', 'application/json').end(JSON.stringify(value));
}

/** Bytes, or the range of them that is asked for. */
export function send(request: IncomingMessage, response: ServerResponse, bytes: Buffer): void {
  const from = /^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1];
  const part = from === undefined ? bytes : bytes.subarray(Number(from));
  if (from !== undefined) {
    response.setHeader('content-range', `bytes ${from}-${bytes.length - 1}/${bytes.length}`);
    response.statusCode = 206;
  }
  response.setHeader('content-length', part.length);
  response.end(request.method === 'HEAD' ? undefined : part);
}

/** A layer with these files. */
export function layerOf(files: Readonly<Record<string, string | Buffer>>): Buffer {
  const entries = Object.entries(files).map(([name, body]) => entry(name, Buffer.from(body)));
  return Buffer.concat([...entries, Buffer.alloc(1024)]);
}
