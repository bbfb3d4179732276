import { parseTimestamp } from '#api';
import { EngineError, internal, invalid } from '#errdefs';
import type { DiskUsagePart, ServerDeps } from './deps.ts';
import type { Exchange } from './exchange.ts';
import type { Route } from './route.ts';
import { diskUsageFor, infoFor, versionFor } from './system-versions.ts';

const PING_HEADERS = [
  ...['Builder-Version', '2', 'Cache-Control', 'no-cache, no-store, must-revalidate'],
  ...['Pragma', 'no-cache', 'Swarm', 'inactive'],
];

const PARTS: readonly DiskUsagePart[] = ['container', 'image', 'volume', 'build-cache'];

export const systemRoutes: readonly Route[] = [
  { method: 'GET', path: '/_ping', handle: (x) => x.text('OK', 200, PING_HEADERS) },
  { method: 'HEAD', path: '/_ping', handle: (x) => x.text('', 200, PING_HEADERS) },
  {
    method: 'GET',
    path: '/version',
    handle: async (x, { system }) => x.json(versionFor(x.version, await system.version())),
  },
  { method: 'GET', path: '/info', handle: async (x, { system }) => x.json(infoFor(x.version, await system.info())) },
  { method: 'GET', path: '/events', query: ['since', 'until', 'filters'], handle: events },
  { method: 'GET', path: '/system/df', query: ['type', 'verbose'], handle: diskUsage },
];

async function events(x: Exchange, deps: ServerDeps): Promise<void> {
  const since = timestamp(x.query.string('since'));
  const until = timestamp(x.query.string('until'));
  if (since !== undefined && until !== undefined && since > until) {
    const [from, to] = [since, until].map((time) => time / 1_000_000_000n);
    throw invalid(`\`since\` time (${from}) cannot be after \`until\` time (${to})`);
  }
  const feed = deps.events.subscribe({
    since: since === undefined ? undefined : Number(since),
    until: until === undefined ? undefined : Number(until),
    filters: x.query.filters(),
    signal: x.signal,
  });
  x.begin('application/json');
  for await (const event of feed) if (!(await x.write(`${JSON.stringify(event)}\n`))) break;
  x.response.end();
}

/** Docker: a time that is none is an error 500. */
export function timestamp(text: string): bigint | undefined {
  try {
    return parseTimestamp(text);
  } catch (error) {
    if (error instanceof EngineError) throw internal(error.message);
    throw error;
  }
}

async function diskUsage(x: Exchange, { system }: ServerDeps): Promise<void> {
  const asked = x.before('1.42') ? [] : x.query.strings('type');
  const unknown = asked.find((part) => !PARTS.includes(part as DiskUsagePart));
  if (unknown !== undefined) throw invalid(`unknown object type: ${unknown}`);
  const parts = new Set(asked.length > 0 ? (asked as DiskUsagePart[]) : PARTS);
  x.json(diskUsageFor(x.version, await system.diskUsage(parts)));
}
