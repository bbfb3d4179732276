import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { after, before, test } from 'node:test';
import type { Blob } from '../../harness/registry.ts';
import { fail, layerOf, RegistryDouble, sha256, TYPES } from '../../harness/registry.ts';
import { Engine, NOTHING } from './engine.ts';

const HALF = 20_000;
const layer = layerOf({ file: randomBytes(2 * HALF) });

/** What a registry does wrong, and what is said of it. */
interface Lie {
  readonly name: string;
  readonly said: RegExp;
  /** Answers a request for a manifest or a blob, when it does. */
  answer?(request: IncomingMessage, response: ServerResponse, registry: RegistryDouble): boolean;
  /** What `x:latest` is, in place of a good image. */
  serve?(registry: RegistryDouble): void;
}

const isBlob = ({ url }: IncomingMessage) => url!.includes('/blobs/');
const isManifest = ({ url }: IncomingMessage) => url!.includes('/manifests/');
const layerOfGood = (registry: RegistryDouble) => [...registry.blobs.values()].find((bytes) => bytes.length > HALF)!;
const asks = (request: IncomingMessage, bytes: Buffer) => request.url!.endsWith(sha256(bytes));

/** A manifest, as far as lies change it. */
interface Document {
  readonly config: Blob;
  readonly layers: readonly Blob[];
}

/** Serves a manifest that is the good one, changed. */
function changed(registry: RegistryDouble, change: (document: Document) => object, type?: string): void {
  registry.image('x', 'latest', [layer]);
  const { bytes } = registry.manifests.get('x:latest')!;
  registry.manifest('x', 'latest', change(JSON.parse(bytes.toString())), type);
}

/** Answers requests for the layer. */
const onLayer =
  (work: (response: ServerResponse, bytes: Buffer) => void): NonNullable<Lie['answer']> =>
  (request, response, registry) => {
    const bytes = layerOfGood(registry);
    if (!asks(request, bytes)) return false;
    work(response, bytes);
    return true;
  };

const LIES: readonly Lie[] = [
  {
    name: 'a layer with other bytes than its digest says',
    said: /filesystem layer verification failed for digest sha256:/,
    answer: onLayer((response, bytes) => response.end(Buffer.alloc(bytes.length))),
  },
  {
    name: 'a layer without end',
    said: /is larger than the \d+ bytes that its descriptor names/,
    answer: onLayer((response) => {
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(65536)));
      };
      response.on('drain', more);
      more();
    }),
  },
  {
    name: 'a layer cut off each time',
    said: /unexpected EOF/,
    answer: onLayer((response, bytes) => {
      response.setHeader('content-length', bytes.length);
      response.write(bytes.subarray(0, 100), () => response.destroy());
    }),
  },
  {
    name: 'a layer that ends early, as if it were whole',
    said: /unexpected EOF/,
    answer: onLayer((response, bytes) => response.end(bytes.subarray(0, 100))),
  },
  {
    name: 'a layer that stalls',
    said: /i\/o timeout/,
    answer: onLayer((response, bytes) => void response.write(bytes.subarray(0, 100))),
  },
  {
    name: 'a layer that drips',
    said: /i\/o timeout|unexpected EOF/,
    answer: onLayer((response) => {
      const timer = setInterval(() => response.write('x'), 50);
      response.on('close', () => clearInterval(timer));
    }),
  },
  {
    name: 'a web page for a layer',
    said: /unexpected EOF|verification failed/,
    answer: onLayer((response) => response.setHeader('content-type', 'text/html').end('<html>')),
  },
  {
    name: 'a web page for a manifest',
    said: /error unmarshalling content: invalid character '<' looking for beginning of value/,
    answer: (request, response) => {
      if (!isManifest(request)) return false;
      response.setHeader('content-type', 'text/html').end('<html>');
      return true;
    },
  },
  {
    name: 'a redirect loop',
    said: /stopped after 10 redirects/,
    answer: (request, response) => {
      if (!isBlob(request)) return false;
      response.writeHead(307, { location: request.url! }).end();
      return true;
    },
  },
  {
    name: 'a redirect to where a cloud keeps its secrets',
    said: /link-local address 169\.254\.169\.254/,
    answer: (request, response) => {
      if (!isBlob(request)) return false;
      response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data' }).end();
      return true;
    },
  },
  {
    name: 'a manifest without end',
    said: /larger than 4194304 bytes/,
    answer: (request, response) => {
      if (request.method !== 'GET' || !isManifest(request)) return false;
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(65536, ' ')));
      };
      response.on('drain', more);
      more();
      return true;
    },
  },
  {
    name: 'a manifest other than its digest says',
    said: /manifest verification failed for digest sha256:/,
    answer: (request, response, registry) => {
      if (request.method !== 'GET' || !isManifest(request)) return false;
      const { bytes, type } = registry.manifests.get('x:latest')!;
      response.setHeader('content-type', type).end(`${bytes} `);
      return true;
    },
  },
  {
    name: 'a tag that moved between two requests',
    said: /manifest for .*x:latest not found: manifest unknown: gone/,
    answer: (request, response) => {
      if (request.method !== 'GET' || !isManifest(request)) return false;
      fail(response, 404, 'MANIFEST_UNKNOWN', 'gone');
      return true;
    },
  },
  {
    name: 'a config other than its digest says',
    said: /image config verification failed for digest sha256:/,
    answer: (request, response, registry) => {
      if (!isBlob(request) || asks(request, layerOfGood(registry))) return false;
      response.end('{}');
      return true;
    },
  },
  {
    name: 'ten thousand layers',
    said: /more than 512 layers/,
    serve: (registry) =>
      changed(registry, (document) => ({ ...document, layers: Array(10_000).fill(document.layers[0]) })),
  },
  {
    name: 'indexes in indexes',
    said: /nested more than 4 deep/,
    serve: (registry) => {
      let inner = registry.image('x', 'inner', [layer]);
      for (let depth = 0; depth < 6; depth++) {
        inner = registry.manifest(
          'x',
          'latest',
          { schemaVersion: 2, mediaType: TYPES.index, manifests: [inner] },
          TYPES.index,
        );
      }
    },
  },
  {
    name: 'a manifest that is an index too',
    said: /expected an image manifest, got an index/,
    serve: (registry) => changed(registry, (document) => ({ ...document, manifests: [document.config] })),
  },
  {
    name: 'a manifest served as an index',
    said: /is of type "application\/vnd\.oci\.image\.manifest\.v1\+json" but was served as/,
    serve: (registry) => changed(registry, (document) => document, TYPES.index),
  },
  {
    name: 'an index whose manifest has another size',
    said: /its descriptor says/,
    serve: (registry) => {
      const { size, ...inner } = registry.image('x', 'inner', [layer]);
      const manifests = [{ ...inner, size: size + 1 }];
      registry.manifest('x', 'latest', { schemaVersion: 2, mediaType: TYPES.index, manifests }, TYPES.index);
    },
  },
  {
    name: 'a layer of one byte less than its descriptor says',
    said: /unexpected EOF/,
    serve: (registry) =>
      changed(registry, ({ layers: [only], ...rest }) => ({ ...rest, layers: [{ ...only!, size: only!.size + 1 }] })),
  },
  {
    name: 'a layer of one byte more than its descriptor says',
    said: /is larger than/,
    serve: (registry) =>
      changed(registry, ({ layers: [only], ...rest }) => ({ ...rest, layers: [{ ...only!, size: only!.size - 1 }] })),
  },
  {
    name: 'a layer that is not what the config says',
    said: /wrong diff id|diffID|diff id|digest/i,
    serve: (registry) => {
      const other = registry.image('y', 'latest', [layerOf({ other: 'other' })]);
      assert.ok(other);
      const { layers } = JSON.parse(registry.manifests.get('y:latest')!.bytes.toString());
      changed(registry, (document) => ({ ...document, layers }));
    },
  },
  {
    name: 'more layers than the config has',
    said: /layers from manifest don't match image configuration/,
    serve: (registry) => changed(registry, ({ layers, ...rest }) => ({ ...rest, layers: [...layers, ...layers] })),
  },
  {
    name: 'a digest of an unknown kind',
    said: /unsupported digest algorithm/,
    serve: (registry) =>
      changed(registry, ({ layers: [only], ...rest }) => ({
        ...rest,
        layers: [{ ...only!, digest: `sha512:${'0'.repeat(128)}` }],
      })),
  },
  {
    name: 'no image',
    said: /unsupported media type application\/vnd\.cncf\.helm\.config\.v1\+json/,
    serve: (registry) =>
      changed(registry, ({ config, ...rest }) => ({
        ...rest,
        config: { ...config, mediaType: 'application/vnd.cncf.helm.config.v1+json' },
      })),
  },
  {
    name: 'an image of old',
    said: /schema 1 support has been removed/,
    serve: (registry) =>
      void registry.manifest(
        'x',
        'latest',
        { schemaVersion: 1, fsLayers: [], history: [] },
        'application/vnd.docker.distribution.manifest.v1+prettyjws',
      ),
  },
  {
    name: 'nothing but its own faults',
    said: /received unexpected HTTP status: 500 Internal Server Error/,
    answer: (request, response) => {
      if (!isManifest(request)) return false;
      fail(response, 500, 'UNKNOWN', 'x');
      return true;
    },
  },
  {
    name: 'to come again, for ever',
    said: /toomanyrequests: slow down/,
    answer: (request, response) => {
      if (!isManifest(request)) return false;
      response.setHeader('retry-after', '0');
      fail(response, 429, 'TOOMANYREQUESTS', 'slow down');
      return true;
    },
  },
  {
    name: 'to send the credentials to another host',
    said: /asks for the credentials to be sent to another host, http:\/\/127\.0\.0\.9:5.*hosts\.toml/,
    serve: (registry) => {
      registry.image('x', 'latest', [layer]);
      registry.guard = { scheme: 'bearer', user: 'u', password: 'p', realm: 'http://127.0.0.9:5/token' };
    },
  },
  {
    name: 'another part of a layer than was asked for',
    said: /has no rest of blob|unexpected EOF/,
    answer: onLayer((response, bytes) => {
      response.writeHead(206, { 'content-range': `bytes 7-${bytes.length}/${bytes.length}` }).end(bytes.subarray(7));
    }),
  },
];

let engine: Engine;
before(() => {
  engine = new Engine();
});
after(() => engine[Symbol.asyncDispose]());

for (const lie of LIES) {
  test(`a registry sends ${lie.name}`, { timeout: 90_000 }, async () => {
    await using registry = await RegistryDouble.open();
    if (lie.serve) lie.serve(registry);
    else registry.image('x', 'latest', [layer]);
    registry.behaviour = (request, response) => lie.answer?.(request, response, registry) ?? false;
    const credentials = { username: 'u', password: 'p' };
    await assert.rejects(engine.pull(`${registry.host}/x`, 'latest', { credentials }), lie.said);
    assert.deepEqual(engine.images.list(), []);
    assert.deepEqual(await engine.left(), NOTHING);
    registry.behaviour = registry.guard = undefined;
    registry.image('x', 'latest', [layer]);
    await engine.pull(`${registry.host}/x`, 'latest');
    await engine.images.remove(`${registry.host}/x`);
  });
}
