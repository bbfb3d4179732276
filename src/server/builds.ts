import { invalid } from '#errdefs';
import { any, decode } from '#schema';
import type { BuildOptions, ServerDeps } from './deps.ts';
import type { Exchange } from './exchange.ts';
import { sendProgress } from './progress.ts';
import { registryConfigOf } from './registries.ts';
import type { Route } from './route.ts';

const BUILD_QUERY = [
  ...['dockerfile', 't', 'extrahosts', 'remote', 'q', 'nocache', 'cachefrom', 'pull', 'rm', 'forcerm', 'memory'],
  ...['memswap', 'cpushares', 'cpusetcpus', 'cpusetmems', 'cpuperiod', 'cpuquota', 'buildargs', 'shmsize', 'squash'],
  ...[
    'labels',
    'networkmode',
    'platform',
    'target',
    'outputs',
    'version',
    'session',
    'buildid',
    'ulimits',
    'cgroupparent',
  ],
];
const PRUNE_QUERY = ['all', 'filters', 'keep-storage', 'reserved-space', 'max-used-space', 'min-free-space'];

export const buildRoutes: readonly Route[] = [
  { method: 'POST', path: '/build', query: BUILD_QUERY, isBinary: true, handle: build },
  {
    method: 'POST',
    path: '/build/cancel',
    query: ['id'],
    handle: (x, { builds }) => {
      const id = x.query.string('id');
      if (id === '') throw invalid('build ID not provided');
      builds.cancel(id);
      // Docker: the type of what is not there.
      x.begin('application/json');
      x.response.end();
    },
  },
  { method: 'POST', path: '/build/prune', query: PRUNE_QUERY, handle: prune },
];

async function build(x: Exchange, { builds }: ServerDeps): Promise<void> {
  await sendProgress(x, builds.build(x.request, optionsOf(x)));
}

function optionsOf(x: Exchange): BuildOptions {
  const { query } = x;
  return {
    dockerfile: query.string('dockerfile'),
    tags: query.strings('t'),
    remote: query.string('remote'),
    quiet: query.bool('q'),
    noCache: query.bool('nocache'),
    cacheFrom: parsed(query.string('cachefrom'), 'cache-from') ?? [],
    pull: query.bool('pull'),
    squash: query.bool('squash'),
    buildArgs: parsed(query.string('buildargs'), 'build args') ?? {},
    labels: parsed(query.string('labels'), 'labels') ?? {},
    extraHosts: query.strings('extrahosts'),
    networkMode: query.string('networkmode'),
    target: query.string('target'),
    platform: query.string('platform'),
    shmSize: query.int('shmsize') ?? 0,
    ulimits: parsed(query.string('ulimits'), 'ulimit settings') ?? [],
    memory: query.int('memory') ?? 0,
    memorySwap: query.int('memswap') ?? 0,
    cpuShares: query.int('cpushares') ?? 0,
    cpuPeriod: query.int('cpuperiod') ?? 0,
    cpuQuota: query.int('cpuquota') ?? 0,
    cpusetCpus: query.string('cpusetcpus'),
    cpusetMems: query.string('cpusetmems'),
    cgroupParent: query.string('cgroupparent'),
    buildId: query.string('buildid'),
    isBuildKit: isBuildKit(query.string('version')),
    session: query.string('session'),
    outputs: outputsOf(parsed(query.string('outputs'), 'outputs')),
    registryConfig: registryConfigOf(x),
    signal: x.signal,
  };
}

/** Docker: 1 is the builder of old, and nothing means it. */
function isBuildKit(version: string): boolean {
  if (version !== '' && version !== '1' && version !== '2') throw invalid(`invalid version ${JSON.stringify(version)}`);
  return version === '2';
}

function outputsOf(given: unknown): BuildOptions['outputs'] {
  const outputs = (Array.isArray(given) ? given : []) as { Type?: unknown; Attrs?: Record<string, unknown> | null }[];
  return outputs.map(({ Type, Attrs }) => ({
    type: String(Type ?? ''),
    attrs: Object.fromEntries(Object.entries(Attrs ?? {}).map(([key, value]) => [key, String(value)])),
  }));
}

function parsed<T>(text: string, name: string): T | undefined {
  if (text === '') return undefined;
  try {
    return (decode(any(), text) as T | null) ?? undefined;
  } catch (error) {
    throw invalid(`error reading ${name}: ${(error as Error).message}`, error);
  }
}

async function prune(x: Exchange, { builds }: ServerDeps): Promise<void> {
  const { query } = x;
  const report = await builds.prune({
    all: query.bool('all'),
    // Docker: the older name of the same.
    reservedSpace: query.int('reserved-space') ?? query.int('keep-storage') ?? 0,
    maxUsedSpace: query.int('max-used-space') ?? 0,
    minFreeSpace: query.int('min-free-space') ?? 0,
    filters: query.filters(),
  });
  x.json(report);
}
