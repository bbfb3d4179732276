import type { SearchResult } from '#api';
import { internal, invalid } from '#errdefs';
import type { Credentials } from './credentials.ts';
import { RegistryError } from './failure.ts';
import type { Registries } from './registries.ts';
import type { Remote } from './remote.ts';

const ANSWER_LIMIT = 16 * 2 ** 20;
const HUB = 'docker.io';
/** Docker Hub searches under another name than it serves images. */
const HUB_INDEX = 'index.docker.io';

export interface SearchQuery {
  readonly term: string;
  /** 0: Docker's own, 25. */
  readonly limit: number;
  readonly isOfficial?: boolean;
  readonly isAutomated?: boolean;
  readonly stars?: number;
  readonly credentials?: Credentials;
  readonly signal?: AbortSignal;
}

/** Asks a registry's index (the term may begin with its host, else Docker Hub) what it has. */
export async function searchIndex(registries: Registries, query: SearchQuery): Promise<SearchResult[]> {
  if (/^https?:\/\//.test(query.term)) {
    throw invalid(`invalid repository name: repository name (${query.term}) should not have a scheme`);
  }
  const { registry, term } = splitTerm(query.term);
  const found = await withIndex(registries, registry, query, (remote) => ask(remote, { ...query, term }));
  // Docker: nothing is automated any more.
  if (query.isAutomated) return [];
  return found.filter(({ is_official, star_count }) => {
    return (query.isOfficial === undefined || is_official === query.isOfficial) && star_count >= (query.stars ?? 0);
  });
}

async function ask(remote: Remote, { term, limit, signal }: SearchQuery): Promise<SearchResult[]> {
  if (limit > 100) throw invalid(`limit ${limit} is outside the range of [1, 100]`);
  const at = new URL('/v1/search', remote.endpoint.base);
  at.search = new URLSearchParams({ q: term, n: String(limit || 25) }).toString();
  const { bytes } = await remote.read({ method: 'GET', at, ...(signal && { signal }) }, ANSWER_LIMIT);
  return decodeResults(bytes);
}

/** Docker finds an index in a way of its own, and says so. */
async function withIndex<T>(
  registries: Registries,
  registry: string,
  { credentials, signal }: SearchQuery,
  work: (remote: Remote) => Promise<T>,
): Promise<T> {
  const access = { actions: ['push'], ...(credentials && { credentials }), ...(signal && { signal }) } as const;
  const attempts: string[] = [];
  for (const endpoint of registries.endpoints(registry).filter(({ isMirror }) => !isMirror)) {
    using remote = registries.remote(endpoint, '', access);
    try {
      if (registry !== HUB_INDEX) await pingIndex(remote, signal);
    } catch (error) {
      signal?.throwIfAborted();
      attempts.push((error as Error).message);
      continue;
    }
    return await work(remote);
  }
  const [https = '', http] = attempts;
  if (http === undefined) throw invalid(`invalid registry endpoint https://${registry}/v1/: ${https}`);
  throw invalid(`invalid registry endpoint "http://${registry}/v1/". HTTPS attempt: ${https}. HTTP attempt: ${http}`);
}

async function pingIndex(remote: Remote, signal: AbortSignal | undefined): Promise<void> {
  const at = new URL('/v1/_ping', remote.endpoint.base);
  const accepts = Array.from({ length: 500 }, (_, i) => 100 + i);
  const answer = await remote.request({ method: 'GET', at, accepts, ...(signal && { signal }) });
  answer.cancel();
}

function splitTerm(text: string): { registry: string; term: string } {
  const slash = text.indexOf('/');
  const first = text.slice(0, Math.max(slash, 0));
  const isHost = slash >= 0 && (/[.:]/.test(first) || first === 'localhost');
  if (!isHost || first === HUB || first === HUB_INDEX) {
    return { registry: HUB_INDEX, term: (isHost ? text.slice(slash + 1) : text).replace(/^library\//, '') };
  }
  return { registry: first, term: text.slice(slash + 1) };
}

function decodeResults(bytes: Buffer): SearchResult[] {
  let results: unknown;
  try {
    results = (JSON.parse(bytes.toString()) as { results?: unknown } | null)?.results;
  } catch (error) {
    throw internal(`error decoding registry search results: ${(error as Error).message}`, error);
  }
  if (!Array.isArray(results)) throw new RegistryError('the registry has no search results');
  return results.flatMap((value): SearchResult[] => {
    if (typeof value !== 'object' || value === null) return [];
    const one = value as Record<string, unknown>;
    const text = (name: string) => (typeof one[name] === 'string' ? one[name].slice(0, 4096) : '');
    const stars = Number(one['star_count']);
    const name = text('name');
    if (name === '') return [];
    return [
      {
        star_count: Number.isSafeInteger(stars) ? stars : 0,
        is_official: one['is_official'] === true,
        name,
        is_automated: false,
        description: text('description'),
      },
    ];
  });
}
