import { AuthConfig, booleanFilter, checkFilters, filterValues } from '#api';
import { EngineError, internal, invalid } from '#errdefs';
import { decode } from '#schema';
import { readText } from './body.ts';
import type { ServerDeps } from './deps.ts';
import type { Exchange } from './exchange.ts';
import type { Route } from './route.ts';

export const registryRoutes: readonly Route[] = [
  { method: 'POST', path: '/auth', isBinary: true, handle: login },
  {
    method: 'GET',
    path: '/distribution/{name}/json',
    handle: async (x, { registries }) => {
      x.json(await registries.inspect(x.name, { auth: authOf(x), signal: x.signal }));
    },
  },
  { method: 'GET', path: '/images/search', query: ['term', 'limit', 'filters'], handle: search },
];

/** The credentials that come with a request, as they came. */
export function authOf(x: Exchange): string | undefined {
  return x.request.headers['x-registry-auth'] as string | undefined;
}

/** Credentials for several registries, as they came. */
export function registryConfigOf(x: Exchange): string | undefined {
  return x.request.headers['x-registry-config'] as string | undefined;
}

/** Docker: the body is read whatever it claims to be, and what is wrong with it is an error 500. */
async function login(x: Exchange, { registries }: ServerDeps): Promise<void> {
  const text = await readText(x.request);
  if (text.trim() === '') throw internal('EOF');
  try {
    x.json(await registries.login(decode(AuthConfig, text), { signal: x.signal }));
  } catch (error) {
    const isMalformed = error instanceof EngineError && error.kind === 'invalid-argument';
    throw isMalformed ? internal(error.message, error) : error;
  }
}

async function search(x: Exchange, { registries }: ServerDeps): Promise<void> {
  const filters = x.query.filters();
  checkFilters(filters, ['is-automated', 'is-official', 'stars']);
  const flag = (name: string) => (Object.hasOwn(filters, name) ? booleanFilter(filters, name, false) : undefined);
  const limit = limitOf(x.query.string('limit'));
  // Docker: an answer of nothing.
  if (limit < 0) return x.empty(200);
  const options = {
    limit,
    isOfficial: flag('is-official'),
    isAutomated: flag('is-automated'),
    stars: Math.max(0, ...filterValues(filters, 'stars').map(starsOf)),
    auth: authOf(x),
    signal: x.signal,
  };
  x.json(await registries.search(x.query.string('term'), options));
}

function limitOf(text: string): number {
  if (text === '') return 0;
  if (/^[+-]?\d{1,15}$/.test(text)) return Number(text);
  throw invalid(`invalid limit specified: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`);
}

function starsOf(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw invalid(`invalid filter 'stars=${text}': strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`);
}
