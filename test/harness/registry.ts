import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { entry } from '../crash/archive.ts';

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

/** A registry to pull from, in memory, that lies when it is told to. */
export class RegistryDouble implements AsyncDisposable {
  readonly blobs = new Map<string, Buffer>();
  readonly manifests = new Map<string, { readonly type: string; readonly bytes: Buffer }>();
  /** Every request so far: `GET /v2/…`, with its headers. */
  readonly asked: { readonly line: string; readonly headers: IncomingMessage['headers'] }[] = [];
  behaviour: Behaviour | undefined;
  guard: Guard | undefined;
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

  /** How often a line that matches was asked. */
  count(pattern: RegExp): number {
    return this.asked.filter(({ line }) => pattern.test(line)).length;
  }

  blob(bytes: Buffer, mediaType: string, more: object = {}): Blob {
    const digest = sha256(bytes);
    this.blobs.set(digest, bytes);
    return { mediaType, digest, size: bytes.length, ...more };
  }

  manifest(name: string, tag: string, document: object | Buffer, type: string = TYPES.manifest): Blob {
    const bytes = Buffer.isBuffer(document) ? document : Buffer.from(JSON.stringify(document));
    const digest = sha256(bytes);
    for (const key of [tag, digest]) this.manifests.set(`${name}/manifests/${key}`, { type, bytes });
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
    if (await this.behaviour?.(request, response)) return;
    if (request.url!.startsWith('/token')) return this.#token(request, response);
    if (!this.#isAllowed(request)) return this.#challenge(response);
    const { pathname } = new URL(request.url!, 'http://x');
    if (pathname === '/v2/') return void response.setHeader('content-type', 'application/json').end('{}');
    const path = pathname.slice('/v2/'.length);
    if (path.endsWith('/tags/list')) return this.#tags(path.slice(0, -'/tags/list'.length), response);
    const manifest = this.manifests.get(path);
    if (manifest) {
      response.setHeader('content-type', manifest.type).setHeader('docker-content-digest', sha256(manifest.bytes));
      return send(request, response, manifest.bytes);
    }
    const blob = this.blobs.get(path.split('/blobs/')[1] ?? '');
    if (blob) return send(request, response, blob);
    fail(response, 404, path.includes('/blobs/') ? 'BLOB_UNKNOWN' : 'MANIFEST_UNKNOWN', 'not here');
  }

  #tags(name: string, response: ServerResponse): void {
    const prefix = `${name}/manifests/`;
    const tags = [...this.manifests.keys()]
      .filter((key) => key.startsWith(prefix))
      .map((key) => key.slice(prefix.length));
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ name, tags: tags.filter((tag) => !tag.includes(':')) }));
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
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const isKnown = body.includes('refresh_token=identity') || request.headers.authorization === basic(this.guard!);
    if (!isKnown) return fail(response, 401, 'UNAUTHORIZED', 'incorrect username or password');
    const offline = request.url!.includes('offline_token=true') ? { refresh_token: 'identity' } : {};
    response
      .setHeader('content-type', 'application/json')
      .end(JSON.stringify({ token: 'good', access_token: 'good', ...offline }));
  }
}

export interface ImageAbout {
  readonly architecture?: string;
  readonly variant?: string;
  readonly packing?: 'gzip' | 'zstd' | 'none';
  readonly more?: object;
}

const basic = ({ user, password }: Guard) => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

export function fail(response: ServerResponse, status: number, code: string, message: string): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ errors: [{ code, message }] }));
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

if (import.meta.main) {
  const registry = await RegistryDouble.open(Number(process.argv[2]));
  const layer = layerOf({ a: 'a' });
  registry.image('double/one', 'latest', [layer]);
  const arm = registry.image('double/list', 'arm', [layer], { architecture: 'arm64' });
  registry.image('double/arm', 'latest', [layer], { architecture: 'arm64' });
  registry.manifest(
    'double/list',
    'latest',
    {
      schemaVersion: 2,
      mediaType: TYPES.index,
      manifests: [{ ...arm, platform: { os: 'linux', architecture: 'arm64' } }],
    },
    TYPES.index,
  );
  registry.manifest('double/helm', 'latest', {
    schemaVersion: 2,
    mediaType: TYPES.manifest,
    config: registry.blob(Buffer.from('{}'), 'application/vnd.cncf.helm.config.v1+json'),
    layers: [],
  });
  registry.manifest(
    'double/v1',
    'latest',
    {
      schemaVersion: 1,
      name: 'double/v1',
      tag: 'latest',
      architecture: 'amd64',
      fsLayers: [],
      history: [],
      signatures: [],
    },
    'application/vnd.docker.distribution.manifest.v1+prettyjws',
  );
  registry.image('secret/one', 'latest', [layer]);
  registry.image('lies/digest', 'latest', [layerOf({ b: 'b' })]);
  registry.image('lies/html', 'latest', [layer]);
  registry.behaviour = (request, response) => {
    const url = request.url!;
    if (process.argv[3] !== undefined && request.headers.authorization === undefined && !url.startsWith('/token')) {
      registry.guard = { scheme: process.argv[3] as 'basic', user: 'u', password: 'p' };
    }
    if (url.includes('lies/digest/blobs')) {
      response.end(Buffer.alloc(3));
      return true;
    }
    if (url.includes('lies/html')) {
      response.setHeader('content-type', 'text/html').end('<html>');
      return true;
    }
    if (url.includes('lies/500')) {
      fail(response, 500, 'UNKNOWN', 'x');
      return true;
    }
    if (url.includes('lies/404')) {
      response.writeHead(404).end('<html>');
      return true;
    }
    if (url.includes('lies/denied')) {
      fail(response, 403, 'DENIED', 'requested access to the resource is denied');
      return true;
    }
    if (url.includes('lies/429')) {
      fail(response, 429, 'TOOMANYREQUESTS', 'slow down');
      return true;
    }
    if (url.includes('/v1/search')) {
      response.setHeader('content-type', 'application/json').end(
        JSON.stringify({
          num_results: 1,
          query: 'x',
          results: [{ name: 'double/one', description: 'd', star_count: 3, is_official: false, is_automated: false }],
        }),
      );
      return true;
    }
    return false;
  };
  console.log(registry.host);
}
