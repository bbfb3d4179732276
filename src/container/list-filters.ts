import type { Filters, PortMap } from '#api';
import { booleanFilter, checkFilters, filterValues, matchesExactly, matchesLabels, matchesPattern } from '#api';
import { EngineError, internal, invalid, isKind } from '#errdefs';
import type { Context } from './context.ts';
import { linkedNames } from './link-environment.ts';
import type { Container } from './record.ts';
import type { Link } from './store.ts';

const ACCEPTED = [
  ...['ancestor', 'before', 'exited', 'expose', 'health', 'id', 'is-task', 'isolation', 'label', 'name', 'network'],
  ...['publish', 'since', 'status', 'volume'],
];
/** In the order of Docker's message. */
const STATES = ['created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead'];
const HEALTHS = ['none', 'starting', 'healthy', 'unhealthy'];

type Test = (container: Container) => boolean;

export interface ListFilter {
  /** A filter that asks for a state covers containers that do not run without `all`. */
  readonly coversStopped: boolean;
  accepts(container: Container): boolean;
}

/** All that is there: for `before` and `since`, and the names that links give. */
export interface Everything {
  readonly newestFirst: readonly Container[];
  readonly links: readonly Link[];
}

export function listFilter(context: Context, filters: Filters, { newestFirst, links }: Everything): ListFilter {
  checkFilters(filters, ACCEPTED);
  const values = (key: string) => filterValues(filters, key);
  const exited = exitCodes(values('exited'));
  const status = oneOf('status', 'state', values('status'), STATES);
  const health = oneOf('health', 'health', values('health'), HEALTHS);
  booleanFilter(filters, 'is-task', false);
  const cut = cutOf(context, filters, newestFirst);
  const tests: Test[] = [
    (c) => cut.has(c.id),
    // Docker: the filters on name, id, status and health are regular expressions too.
    nameTest(links, values('name')),
    (c) => prefixOrPattern(values('id'), c.id),
    (c) => matchesLabels(values('label'), c.spec.config.Labels),
    (c) => exited.length === 0 || (c.status === 'exited' && exited.includes(c.exitCode)),
    (c) => matchesExactly(status, c.status),
    (c) => matchesExactly(health, c.health?.Status ?? 'none'),
    volumeTest(values('volume')),
    ancestorTest(context, values('ancestor')),
    networkTest(context, values('network')),
    portTest(context, 'publish', values('publish')),
    portTest(context, 'expose', values('expose')),
    () => !Object.hasOwn(filters, 'is-task') || !booleanFilter(filters, 'is-task', false),
  ];
  return {
    coversStopped: status.length > 0,
    accepts: (container) => tests.every((test) => test(container)),
  };
}

/** Docker: with and without the slash, and those that links give too. */
function nameTest(links: readonly Link[], wanted: readonly string[]): Test {
  if (wanted.length === 0) return () => true;
  const matches = (name: string) => matchesPattern(wanted, name) || matchesPattern(wanted, name.slice(1));
  return ({ id, name }) => [`/${name}`, ...linkedNames(links, id)].some(matches);
}

function prefixOrPattern(wanted: readonly string[], source: string): boolean {
  return wanted.length === 0 || wanted.some((value) => source.startsWith(value)) || matchesPattern(wanted, source);
}

function oneOf(key: string, word: string, given: readonly string[], known: readonly string[]): readonly string[] {
  for (const value of given) {
    if (known.includes(value)) continue;
    throw invalid(
      `invalid filter '${key}=${value}': invalid value for ${word} (${value}): must be one of ${known.join(', ')}`,
    );
  }
  return given;
}

function exitCodes(given: readonly string[]): number[] {
  return given.map((value) => {
    if (!/^[+-]?\d+$/.test(value)) {
      throw invalid(`invalid filter 'exited=${value}': strconv.Atoi: parsing ${JSON.stringify(value)}: invalid syntax`);
    }
    return Number(value);
  });
}

/** `before` and `since` cut the list ordered by age at a container. */
function cutOf({ rows }: Context, filters: Filters, newestFirst: readonly Container[]): Set<string> {
  let kept = [...newestFirst];
  for (const reference of filterValues(filters, 'before')) {
    const at = newestFirst.findIndex(({ id }) => id === rows.resolve(reference));
    kept = kept.filter((container) => newestFirst.indexOf(container) > at);
  }
  for (const reference of filterValues(filters, 'since')) {
    const at = newestFirst.findIndex(({ id }) => id === rows.resolve(reference));
    kept = kept.filter((container) => newestFirst.indexOf(container) < at);
  }
  return new Set(kept.map(({ id }) => id));
}

function volumeTest(wanted: readonly string[]): Test {
  if (wanted.length === 0) return () => true;
  return ({ mounts }) =>
    mounts.some(({ name, source, destination }) => wanted.includes(name || source) || wanted.includes(destination));
}

/** Containers whose image is one of these or was built on it. */
function ancestorTest({ images }: Context, wanted: readonly string[]): Test {
  if (wanted.length === 0) return () => true;
  const ids = new Set<string>();
  for (const name of wanted) {
    try {
      ids.add(images.resolve(name).id);
    } catch (error) {
      if (!isKind(error, 'not-found') && !isKind(error, 'invalid-argument')) throw error;
    }
  }
  return ({ imageId }) => ids.has(imageId);
}

function networkTest({ networks }: Context, wanted: readonly string[]): Test {
  if (wanted.length === 0) return () => true;
  return ({ id }) =>
    Object.entries(networks.settings(id).Networks).some(
      ([name, { NetworkID }]) =>
        wanted.includes(name) ||
        (NetworkID !== '' && wanted.some((value) => value !== '' && NetworkID.startsWith(value))),
    );
}

/** Docker: exposed ports count while the container runs. */
function portTest({ networks }: Context, key: 'publish' | 'expose', given: readonly string[]): Test {
  if (given.length === 0) return () => true;
  const wanted = new Set(given.flatMap((text) => portRange(key, text)));
  return ({ id }) => {
    const { Ports } = networks.settings(id);
    const open = key === 'publish' ? publicPorts(Ports) : Object.keys(Ports ?? {});
    return open.some((port) => wanted.has(port));
  };
}

/** Every public port with its protocol. */
function publicPorts(ports: PortMap): string[] {
  return Object.entries(ports ?? {}).flatMap(([port, bindings]) =>
    (bindings ?? []).map(({ HostPort }) => `${HostPort}/${port.split('/')[1] ?? 'tcp'}`),
  );
}

/** `80`, `80/udp`, `8000-8010/tcp`. */
function portRange(key: string, text: string): string[] {
  const [range = '', protocol = 'tcp'] = text.split('/');
  const [first = '', last = first] = range.split('-');
  for (const end of [first, last]) {
    if (!/^\d+$/.test(end)) {
      throw internal(
        `error while looking up for ${key} ${text}: strconv.ParseUint: parsing ${JSON.stringify(end)}: invalid syntax`,
      );
    }
  }
  const [from, to] = [Number(first), Number(last)];
  if (from > to || to > 65535)
    throw new EngineError('internal', `error while looking up for ${key} ${text}: invalid port range`);
  return Array.from({ length: to - from + 1 }, (_, n) => `${from + n}/${protocol}`);
}
