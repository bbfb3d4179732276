import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Filters, PortMap } from '#api';
import { notFound } from '#errdefs';
import type { Context } from './context.ts';
import { commandWords, ports } from './list.ts';
import { listFilter } from './list-filters.ts';
import type { Container } from './record.ts';

interface Wish {
  readonly status?: Container['status'];
  readonly labels?: Record<string, string>;
  readonly health?: 'healthy' | 'unhealthy';
  readonly exitCode?: number;
  readonly volume?: string;
  readonly image?: string;
}

const NETWORK = 'f00d';
const OPEN: PortMap = { '80/tcp': [{ HostIp: '0.0.0.0', HostPort: '8080' }], '53/udp': null };

function container(id: string, wish: Wish = {}): Container {
  return {
    id,
    name: `name-${id}`,
    status: wish.status ?? 'running',
    exitCode: wish.exitCode ?? 0,
    imageId: wish.image ?? 'sha256:1',
    health: wish.health ? { Status: wish.health, FailingStreak: 0, Log: [] } : undefined,
    mounts: wish.volume
      ? [
          { type: 'volume', name: wish.volume, source: '/volumes/it', destination: '/data' },
          { type: 'bind', source: '/host', destination: '/bound' },
        ]
      : [],
    spec: { config: { Labels: wish.labels ?? {} }, hostConfig: {} },
  } as unknown as Container;
}

/** Newest first. */
const ALL = [
  container('c3', { labels: { a: '1', b: '2' }, health: 'healthy', volume: 'vol' }),
  container('c2', { status: 'exited', exitCode: 3, image: 'sha256:2' }),
  container('c1', { status: 'paused', labels: { a: '2' } }),
];

const context = {
  rows: {
    resolve: (reference: string) => {
      const found = ALL.find(({ id, name }) => id === reference || name === reference);
      if (!found) throw notFound(`No such container: ${reference}`);
      return found.id;
    },
  },
  images: {
    resolve: (name: string) => {
      if (name !== 'busybox') throw notFound(`No such image: ${name}`);
      return { id: 'sha256:2' };
    },
  },
  networks: {
    settings: (id: string) => ({
      Networks: { bridge: { NetworkID: id === 'c2' ? '' : NETWORK } },
      Ports: id === 'c3' ? OPEN : {},
    }),
  },
} as unknown as Context;

const LINKS = [{ container: 'web', alias: 'ally', linkedId: 'c2' }];

function accepted(filters: Filters): string[] {
  const filter = listFilter(context, filters, { newestFirst: ALL, links: LINKS });
  return ALL.filter((one) => filter.accepts(one)).map(({ id }) => id);
}

test('each filter lets pass what Docker lets pass', () => {
  const cases: [Filters, string[]][] = [
    [{ name: ['^/web/ally$'] }, ['c2']],
    [{}, ['c3', 'c2', 'c1']],
    [{ id: ['c3', 'c1'] }, ['c3', 'c1']],
    [{ name: ['name-c2'] }, ['c2']],
    [{ name: ['^/name-c[12]$'] }, ['c2', 'c1']],
    [{ label: ['a'] }, ['c3', 'c1']],
    [{ label: ['a', 'b=2'] }, ['c3']],
    [{ status: ['exited', 'paused'] }, ['c2', 'c1']],
    [{ exited: ['3'] }, ['c2']],
    [{ exited: ['0'] }, []],
    [{ health: ['healthy'] }, ['c3']],
    [{ health: ['none'] }, ['c2', 'c1']],
    [{ volume: ['vol'] }, ['c3']],
    [{ volume: ['/data'] }, ['c3']],
    [{ volume: ['/host'] }, ['c3']],
    [{ volume: ['/volumes/it'] }, []],
    [{ ancestor: ['busybox'] }, ['c2']],
    [{ ancestor: ['nosuch'] }, []],
    [{ network: ['f0'] }, ['c3', 'c1']],
    [{ network: ['bridge'] }, ['c3', 'c2', 'c1']],
    [{ publish: ['8080'] }, ['c3']],
    [{ publish: ['8000-8100/tcp'] }, ['c3']],
    [{ publish: ['8080/udp'] }, []],
    [{ expose: ['53/udp'] }, ['c3']],
    [{ before: ['c2'] }, ['c1']],
    [{ since: ['name-c2'] }, ['c3']],
    [{ 'is-task': ['true'] }, []],
    [{ 'is-task': ['false'] }, ['c3', 'c2', 'c1']],
  ];
  for (const [filters, ids] of cases) assert.deepEqual(accepted(filters), ids, JSON.stringify(filters));
});

test('wrong filters are refused in the words of Docker', () => {
  const cases: [Filters, string, string][] = [
    [{ foo: ['a'] }, 'invalid-argument', "invalid filter 'foo'"],
    [
      { status: ['foo'] },
      'invalid-argument',
      "invalid filter 'status=foo': invalid value for state (foo): must be one of created, running, paused, restarting, removing, exited, dead",
    ],
    [
      { health: ['foo'] },
      'invalid-argument',
      "invalid filter 'health=foo': invalid value for health (foo): must be one of none, starting, healthy, unhealthy",
    ],
    [
      { exited: ['foo'] },
      'invalid-argument',
      'invalid filter \'exited=foo\': strconv.Atoi: parsing "foo": invalid syntax',
    ],
    [{ before: ['foo'] }, 'not-found', 'No such container: foo'],
    [{ 'is-task': ['foo'] }, 'invalid-argument', "invalid filter 'is-task=[foo]'"],
    [
      { publish: ['foo'] },
      'internal',
      'error while looking up for publish foo: strconv.ParseUint: parsing "foo": invalid syntax',
    ],
  ];
  for (const [filters, kind, message] of cases) assert.throws(() => accepted(filters), { kind, message });
});

test('only a filter on the status covers stopped containers by itself', () => {
  assert.equal(listFilter(context, { status: ['exited'] }, { newestFirst: ALL, links: [] }).coversStopped, true);
  assert.equal(listFilter(context, { exited: ['3'] }, { newestFirst: ALL, links: [] }).coversStopped, false);
});

test('commands are quoted where there is a space, ports are one entry a binding', () => {
  assert.equal(commandWords('sh', ['-c', 'echo a b']), "sh -c 'echo a b'");
  assert.deepEqual(ports(OPEN), [
    { IP: '0.0.0.0', PrivatePort: 80, PublicPort: 8080, Type: 'tcp' },
    { PrivatePort: 53, Type: 'udp' },
  ]);
});
