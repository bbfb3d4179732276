import type { AnyDigest } from '#oci';
import { MEDIA } from '#oci';
import { RegistryError } from '../errors.ts';
import type { Call } from './call.ts';
import { answer, answerJson } from './call.ts';

const CATALOG_MOST = 1000;
const TAGS_MOST = 10_000;

/** Tags of a repository, a page of them. */
export async function listTags(call: Call, name: string): Promise<void> {
  const all = await call.reader.tags(name);
  if (!all) throw new RegistryError('NAME_UNKNOWN', { detail: { name } });
  const { page, headers } = paged(call, all, { path: `/v2/${name}/tags/list`, most: TAGS_MOST, mayBeFewer: true });
  answerJson(call, { name, tags: page }, headers);
}

/** The repositories that `mayRead` lets through, a page of them. */
export async function listRepositories(call: Call, mayRead: (name: string) => boolean): Promise<void> {
  const all = (await call.registry.repositories.list()).filter(mayRead);
  const { page, headers } = paged(call, all, { path: '/v2/_catalog', most: CATALOG_MOST });
  answerJson(call, { repositories: page }, headers);
}

interface Page {
  readonly page: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
}

interface Paging {
  readonly path: string;
  readonly most: number;
  /** Docker: who asks for more repositories than are told at once is refused; of tags he gets a smaller page. */
  readonly mayBeFewer?: boolean;
}

/** A page of a sorted list, and the link to the next one. */
function paged({ query }: Call, all: readonly string[], { path, most, mayBeFewer = false }: Paging): Page {
  const asked = query.get('n');
  const wanted = asked === null || asked === '' ? most : Number(asked);
  if (!/^\d*$/.test(asked ?? '') || (wanted > most && !mayBeFewer)) {
    throw new RegistryError('PAGINATION_NUMBER_INVALID', { detail: { n: asked, most } });
  }
  const count = Math.min(wanted, most);
  const last = query.get('last') ?? '';
  const rest = last === '' ? all : all.filter((item) => item > last);
  const page = rest.slice(0, count);
  if (page.length === 0 || page.length === rest.length) return { page, headers: {} };
  const next = new URLSearchParams({ last: page.at(-1)!, n: String(count) });
  return { page, headers: { Link: `<${path}?${next}>; rel="next"` } };
}

/** The manifests that refer to one, as an index; of one artifact type where that is asked. */
export async function listReferrers(call: Call, name: string, subject: AnyDigest): Promise<void> {
  const asked = call.query.get('artifactType');
  const found = await call.reader.referrers(name, subject);
  const manifests = found.filter(({ artifactType }) => asked === null || artifactType === asked);
  const headers = { 'Content-Type': MEDIA.ociIndex, ...(asked !== null && { 'OCI-Filters-Applied': 'artifactType' }) };
  answer(call, 200, headers, JSON.stringify({ schemaVersion: 2, mediaType: MEDIA.ociIndex, manifests }));
}

const SEARCH_MOST = 100;

/** `docker search`: repositories whose name has all the words, in the answer of Docker's first registry. */
export async function search(call: Call, mayRead: (name: string) => boolean): Promise<void> {
  const { query, registry } = call;
  const asked = query.get('q') ?? '';
  const words = asked.toLowerCase().split(/\s+/);
  const size = Math.min(Math.max(Number(query.get('n') ?? 25) || 25, 1), SEARCH_MOST);
  const page = Math.max(Number(query.get('page') ?? 1) || 1, 1);
  const all = (await registry.repositories.list()).filter((name) => words.every((word) => name.includes(word)));
  const found = all.filter(mayRead);
  const results = found.slice((page - 1) * size, page * size).map((name) => ({
    name,
    description: '',
    star_count: 0,
    is_official: false,
    is_trusted: false,
    is_automated: false,
  }));
  const pages = { num_pages: Math.ceil(found.length / size), page, page_size: size };
  answerJson(call, { ...pages, num_results: found.length, query: asked, results });
}
