import type { BuildRequest, CacheEntry, Exporter } from '#build';
import { buildRequest, epochOf } from '#build';
import { invalid } from '#errdefs';

type Attributes = ReadonlyMap<string, string>;

/** The frontend's attributes whose names begin so, by what follows. */
export function prefixed(attributes: Attributes, prefix: string): Map<string, string> {
  const found = [...attributes].filter(([key]) => key.startsWith(prefix));
  return new Map(found.map(([key, value]) => [key.slice(prefix.length), value]));
}

const list = (text: string | undefined): string[] => (text ? text.split(',').filter((each) => each !== '') : []);

/** What besides the frontend's attributes says what is built. */
export interface Asked {
  readonly exporters: readonly { readonly type: string; readonly attrs: Attributes }[];
  readonly cacheFrom: readonly CacheEntry[];
  readonly cacheTo: readonly CacheEntry[];
  readonly entitlements: readonly string[];
}

/** Reads what a BuildKit client asks of the Dockerfile frontend. */
export function requestOf(attributes: Attributes, asked: Asked): BuildRequest {
  const buildArgs = prefixed(attributes, 'build-arg:');
  const exporters = asked.exporters.map(exporterOf);
  const names = asked.exporters.flatMap(({ attrs }) => list(attrs.get('name')));
  const noCache = attributes.get('no-cache');
  return buildRequest({
    target: attributes.get('target') ?? '',
    buildArgs,
    labels: prefixed(attributes, 'label:'),
    tags: [...new Set(names)],
    platforms: list(attributes.get('platform')),
    noCache: noCache === undefined ? [] : noCache === '' ? 'all' : list(noCache),
    pull: attributes.get('image-resolve-mode') === 'pull',
    network: networkOf(attributes.get('force-network-mode') ?? ''),
    extraHosts: list(attributes.get('add-hosts')).map((pair) => pair.replace('=', ':')),
    shmSize: sizeOf('shm-size', attributes.get('shm-size')),
    ulimits: list(attributes.get('ulimit')).map(ulimitOf),
    cgroupParent: attributes.get('cgroup-parent') ?? '',
    hostname: attributes.get('hostname') ?? '',
    cacheFrom: [...asked.cacheFrom, ...importsOf(attributes)],
    cacheTo: asked.cacheTo,
    namedContexts: namedContextsOf(attributes),
    exporters,
    epoch: epochOf(buildArgs.get('SOURCE_DATE_EPOCH')),
    attestations: prefixed(attributes, 'attest:'),
    entitlements: asked.entitlements,
    attributes,
  });
}

const TYPES: Readonly<Record<string, Exporter['type']>> = {
  moby: 'image',
  image: 'image',
  local: 'local',
  tar: 'tar',
  oci: 'oci',
  docker: 'docker',
  cacheonly: 'none',
};

function exporterOf({ type, attrs }: Asked['exporters'][number]): Exporter {
  const known = TYPES[type];
  if (known === undefined) throw invalid(`exporter "${type}" could not be found`);
  return { type: known, attributes: attrs };
}

/** BuildKit's names of network modes: `sandbox` is the usual one. */
const networkOf = (mode: string): string => (mode === 'sandbox' ? '' : mode);

function sizeOf(name: string, text: string | undefined): number {
  if (text === undefined || text === '') return 0;
  const size = Number(text);
  if (!Number.isSafeInteger(size) || size < 0) throw invalid(`invalid ${name}: ${JSON.stringify(text)}`);
  return size;
}

function ulimitOf(text: string): { Name: string; Soft: number; Hard: number } {
  const match = /^([a-z]+)=(-?\d+)(?::(-?\d+))?$/.exec(text);
  if (!match) throw invalid(`failed to parse ulimit: invalid ulimit argument: ${text}`);
  const [, name, soft, hard] = match;
  return { Name: name!, Soft: Number(soft), Hard: Number(hard ?? soft) };
}

/** Named contexts that are no folders of the client. A platform in the name makes it one for this platform only. */
function namedContextsOf(attributes: Attributes): Map<string, string> {
  return new Map([...prefixed(attributes, 'context:')].filter(([, value]) => !value.startsWith('local:')));
}

function importsOf(attributes: Attributes): CacheEntry[] {
  const text = attributes.get('cache-imports');
  if (!text)
    return list(attributes.get('cache-from')).map((ref) => ({ type: 'registry', attributes: new Map([['ref', ref]]) }));
  let entries: unknown;
  try {
    entries = JSON.parse(text);
  } catch {
    throw invalid(`failed to unmarshal cache-imports (${JSON.stringify(text)})`);
  }
  if (!Array.isArray(entries)) return [];
  return entries.map(({ Type, Attrs }) => ({
    type: String(Type),
    attributes: new Map(Object.entries((Attrs ?? {}) as Record<string, string>)),
  }));
}
