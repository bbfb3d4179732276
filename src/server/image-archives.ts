import { invalid, isKind } from '#errdefs';
import { decode, object, optional, string } from '#schema';
import type { ServerDeps, WantedPlatform } from './deps.ts';
import type { Exchange } from './exchange.ts';
import { sendProgress } from './progress.ts';
import type { Route } from './route.ts';

/** Images as archives: load and save. */
export const archiveRoutes: readonly Route[] = [
  { method: 'POST', path: '/images/load', query: ['quiet', 'platform'], isBinary: true, handle: load },
  {
    method: 'GET',
    path: '/images/get',
    query: ['names', 'platform'],
    handle: (x, deps) => save(x, deps, x.query.strings('names')),
  },
  {
    method: 'GET',
    path: '/images/{name}/get',
    query: ['platform'],
    handle: (x, deps) => save(x, deps, [x.name]),
  },
];

async function load(x: Exchange, { images }: ServerDeps): Promise<void> {
  const platform = platformOf(x);
  const options = { quiet: x.query.bool('quiet', true), signal: x.signal, ...(platform && { platform }) };
  await sendProgress(x, images.load(x.request, options));
}

/** What fails before the first bytes is told by the status; afterwards the connection breaks off. */
async function save(x: Exchange, { images }: ServerDeps, names: readonly string[]): Promise<void> {
  const platform = platformOf(x);
  const bytes = images.save(names, { signal: x.signal, ...(platform && { platform }) });
  let hasBegun = false;
  for await (const piece of bytes) {
    if (!hasBegun) x.begin('application/x-tar');
    hasBegun = true;
    if (piece.length > 0 && !(await x.write(piece))) return;
  }
  x.response.end();
}

const PlatformShape = object('v1.Platform', {
  architecture: string(),
  os: string(),
  'os.version': optional(string()),
  variant: optional(string()),
});

/** The platform that a call names, as JSON; Docker's messages. Versions before `since` do not know it. */
export function platformOf(x: Exchange, since = '1.48'): WantedPlatform | undefined {
  const texts = x.before(since) ? [] : x.query.strings('platform');
  if (texts.length > 1) throw invalid('multiple platform parameters not supported');
  const [text = ''] = texts;
  return text === '' ? undefined : parsed(text);
}

/** The platforms of a removal, as JSON each. Versions before 1.50 do not know them. */
export function platformsOf(x: Exchange): WantedPlatform[] {
  return x.before('1.50') ? [] : x.query.strings('platforms').map(parsed);
}

function parsed(text: string): WantedPlatform {
  const { os, architecture, variant } = decoded(text);
  if (os === '' || architecture === '') throw invalid('both OS and Architecture must be provided');
  return { os, architecture, ...(variant && { variant }) };
}

function decoded(text: string) {
  try {
    return decode(PlatformShape, text);
  } catch (error) {
    if (!isKind(error, 'invalid-argument')) throw error;
    throw invalid(`failed to parse platform: ${error.message}`, error);
  }
}
