import type { Access, Remote } from '#distribution';
import { nextPage, Registries, RegistryError } from '#distribution';
import { invalid } from '#errdefs';
import type { Log } from '#log';
import type { AnyDigest } from '#oci';
import { decodeIndex, isAnyDigest, MEDIA } from '#oci';
import type { Referrer, Upstream, UpstreamBlob, UpstreamConfig } from '#registry';

const LIST_BYTES = 4 << 20;
const TAGS_MOST = 10_000;
const HUB = /^(?:registry-1|index)\.docker\.io$/;
const ACCEPT = [MEDIA.ociManifest, MEDIA.ociIndex, MEDIA.dockerManifest, MEDIA.dockerIndex].join(', ');

/** The registry that ours stands for, reached as any that images are pulled from: its certificates, tokens, patience. */
export function openUpstream({ url, username, password }: UpstreamConfig, log: Log): Upstream {
  const base = URL.canParse(url) ? new URL(url) : undefined;
  if (!base || !/^https?:$/.test(base.protocol) || base.pathname.length > 1 || base.username !== '') {
    throw invalid(
      `registry: proxy.remoteurl "${base?.username ? '(with a password)' : url}" is no http(s)://host[:port]`,
    );
  }
  const settings = {
    // No mirrors: this registry may be one itself.
    ...{ mirrors: [], insecure: base.protocol === 'http:' ? [base.host] : [] },
    ...{ proxies: { http: '', https: '', none: '' }, downloads: 3, uploads: 5, attempts: 5 },
  };
  const registries = new Registries({ settings: () => settings, log, userAgent: 'gantry-registry' });
  const credentials = { ...(username !== undefined && { username }), ...(password !== undefined && { password }) };
  const domain = HUB.test(base.hostname) ? 'docker.io' : base.host;
  return new RemoteUpstream((path, work, signal) => {
    const access: Access = { actions: ['pull'], credentials, ...(signal && { signal }) };
    return registries.use({ domain, path }, access, work).catch(orNothing);
  });
}

type Use = <T>(
  path: string,
  work: (remote: Remote) => Promise<T | undefined>,
  signal?: AbortSignal,
) => Promise<T | undefined>;

/** "Not there" is an answer; everything else is none. */
function orNothing(error: unknown): undefined {
  const isAnswer = error instanceof RegistryError && (error.status === 404 || error.kind === 'not-found');
  if (!isAnswer) throw error;
}

class RemoteUpstream implements Upstream {
  readonly #use: Use;

  constructor(use: Use) {
    this.#use = use;
  }

  async resolve(name: string, tag: string): Promise<AnyDigest | undefined> {
    return await this.#use(name, async (remote) => {
      const answer = await remote.request({ method: 'HEAD', at: `manifests/${tag}`, headers: { accept: ACCEPT } });
      answer.cancel();
      const digest = answer.headers['docker-content-digest'];
      if (!isAnyDigest(digest)) throw new Error(`no digest of ${name}:${tag} is told`);
      return digest;
    });
  }

  async manifest(name: string, digest: AnyDigest, limit: number) {
    return await this.#use(name, async (remote) => {
      const asked = { method: 'GET', at: `manifests/${digest}`, headers: { accept: ACCEPT } } as const;
      const { answer, bytes } = await remote.read(asked, limit);
      return { bytes, contentType: answer.headers['content-type'] };
    });
  }

  async blobSize(name: string, digest: AnyDigest): Promise<number | undefined> {
    return await this.#use(name, async (remote) => {
      const answer = await remote.request({ method: 'HEAD', at: `blobs/${digest}` });
      answer.cancel();
      const size = Number(answer.headers['content-length']);
      if (!Number.isSafeInteger(size)) throw new Error(`no size of ${digest} is told`);
      return size;
    });
  }

  async blob(name: string, digest: AnyDigest, { from, take, signal }: UpstreamBlob): Promise<boolean> {
    const got = await this.#use(
      name,
      async (remote) => {
        const headers = from > 0 ? { range: `bytes=${from}-` } : undefined;
        const answer = await remote.request({
          ...{ method: 'GET', at: `blobs/${digest}`, accepts: [200, 206], signal },
          ...(headers && { headers }),
        });
        // Who knows no ranges sends what we have once more.
        await take(answer.status === 206 ? answer.body() : skipped(answer.body(), from));
        return true;
      },
      signal,
    );
    return got ?? false;
  }

  async tags(name: string): Promise<string[] | undefined> {
    return await this.#use(name, async (remote) => {
      const all = new Set<string>();
      for (let at: string | URL | undefined = 'tags/list?n=1000'; at !== undefined && all.size < TAGS_MOST; ) {
        const { answer, bytes } = await remote.read({ method: 'GET', at }, LIST_BYTES);
        const { tags } = JSON.parse(bytes.toString()) as { tags?: unknown };
        const page = Array.isArray(tags) ? tags.filter((tag) => typeof tag === 'string') : [];
        for (const tag of page) all.add(tag);
        at = page.length > 0 ? nextPage(answer.headers.link, answer.url) : undefined;
      }
      return [...all].sort();
    });
  }

  async referrers(name: string, subject: AnyDigest): Promise<Referrer[] | undefined> {
    return await this.#use(name, async (remote) => {
      const { bytes } = await remote.read({ method: 'GET', at: `referrers/${subject}` }, LIST_BYTES);
      // Decoded for its shape alone: what our words of a descriptor lack is passed on.
      decodeIndex(bytes, () => undefined);
      return (JSON.parse(bytes.toString()) as { manifests?: Referrer[] | null }).manifests ?? [];
    });
  }
}

async function* skipped(bytes: AsyncIterable<Buffer>, count: number): AsyncGenerator<Buffer> {
  let left = count;
  for await (const chunk of bytes) {
    if (left < chunk.length) yield chunk.subarray(left);
    left = Math.max(0, left - chunk.length);
  }
}
