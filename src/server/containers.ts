import { ContainerConfig, CreateRequest, UpdateConfig } from '#api';
import { invalid } from '#errdefs';
import { zero } from '#schema';
import { hasBody } from './body.ts';
import { createFrom, createWarnings, inspectFor, summaryFor, updateFrom } from './container-versions.ts';
import type { Containers, ServerDeps, StopOptions } from './deps.ts';
import type { Exchange } from './exchange.ts';
import type { Route } from './route.ts';
import { withBody } from './route.ts';
import { detachKeys, terminalSize } from './terminal.ts';

/** A verb on one container that answers nothing. */
const verb =
  (run: (x: Exchange, containers: Containers) => Promise<void>): Route['handle'] =>
  async (x, { containers }) => {
    await run(x, containers);
    x.empty(204);
  };

export const containerRoutes: readonly Route[] = [
  { method: 'GET', path: '/containers/json', query: ['all', 'limit', 'size', 'filters'], handle: list },
  withBody({
    method: 'POST',
    path: '/containers/create',
    query: ['name', 'platform'],
    body: CreateRequest,
    needsBody: true,
    handle: create,
  }),
  {
    method: 'GET',
    path: '/containers/{name}/json',
    query: ['size'],
    handle: async (x, { containers }) =>
      x.json(inspectFor(x.version, await containers.inspect(x.name, { size: x.query.bool('size') }))),
  },
  { method: 'POST', path: '/containers/{name}/start', query: ['detachKeys'], handle: start },
  {
    method: 'POST',
    path: '/containers/{name}/stop',
    query: ['signal', 't'],
    handle: verb((x, containers) => containers.stop(x.name, stopOptions(x))),
  },
  {
    method: 'POST',
    path: '/containers/{name}/restart',
    query: ['signal', 't'],
    handle: verb((x, containers) => containers.restart(x.name, stopOptions(x))),
  },
  {
    method: 'POST',
    path: '/containers/{name}/kill',
    query: ['signal'],
    handle: verb((x, containers) => containers.kill(x.name, x.query.string('signal') || undefined)),
  },
  {
    method: 'POST',
    path: '/containers/{name}/pause',
    handle: verb((x, containers) => containers.pause(x.name)),
  },
  {
    method: 'POST',
    path: '/containers/{name}/unpause',
    handle: verb((x, containers) => containers.unpause(x.name)),
  },
  {
    method: 'POST',
    path: '/containers/{name}/rename',
    query: ['name'],
    handle: verb((x, containers) => containers.rename(x.name, x.query.string('name'))),
  },
  {
    method: 'POST',
    path: '/containers/{name}/resize',
    query: ['h', 'w'],
    handle: async (x, { containers }) => {
      await containers.resize(x.name, terminalSize(x.query));
      x.empty(200);
    },
  },
  { method: 'DELETE', path: '/containers/{name}', query: ['v', 'force', 'link'], handle: remove },
  {
    method: 'POST',
    path: '/containers/prune',
    query: ['filters'],
    handle: async (x, { containers }) => x.json(await containers.prune(x.query.filters())),
  },
  { method: 'GET', path: '/containers/{name}/top', query: ['ps_args'], handle: top },
  withBody({ method: 'POST', path: '/containers/{name}/update', body: UpdateConfig, handle: update }),
];

async function list(x: Exchange, { containers }: ServerDeps): Promise<void> {
  const found = await containers.list({
    all: x.query.bool('all'),
    limit: x.query.int('limit'),
    size: x.query.bool('size'),
    filters: x.query.filters(),
  });
  x.json(x.before('1.46') ? found.map((container) => summaryFor(x.version, container)) : found);
}

async function create(x: Exchange, { containers }: ServerDeps, request: CreateRequest): Promise<void> {
  if (isEmpty(request)) throw invalid('config cannot be empty in order to create a container');
  const created = await containers.create(createFrom(x.version, request), {
    name: x.query.string('name'),
    platform: x.query.string('platform') || undefined,
    readOnlyNonRecursive: x.before('1.44'),
  });
  x.json({ ...created, Warnings: [...created.Warnings, ...createWarnings(x.version, request)] }, 201);
}

async function start(x: Exchange, { containers }: ServerDeps): Promise<void> {
  const length = Number(x.request.headers['content-length'] ?? (hasBody(x.request) ? -1 : 0));
  if (length > 7 || length === -1) {
    throw invalid('starting container with non-empty request body was deprecated since API v1.22 and removed in v1.24');
  }
  await containers.start(x.name, { detachKeys: detachKeys(x.query) });
  x.empty(204);
}

async function remove(x: Exchange, { containers }: ServerDeps): Promise<void> {
  const { query } = x;
  const options = { force: query.bool('force'), volumes: query.bool('v'), link: query.bool('link') };
  await containers.remove(x.name, options);
  x.empty(204);
}

async function top(x: Exchange, { containers }: ServerDeps): Promise<void> {
  x.json(await containers.top(x.name, x.query.string('ps_args')));
}

async function update(x: Exchange, { containers }: ServerDeps, config: UpdateConfig): Promise<void> {
  x.json(await containers.update(x.name, updateFrom(x.version, config)));
}

function stopOptions(x: Exchange): StopOptions {
  const signal = x.before('1.42') ? '' : x.query.string('signal');
  return { signal: signal || undefined, timeout: x.query.int('t') };
}

const EMPTY = Object.entries(zero(ContainerConfig));

/** Whether the request says nothing about what to run. */
function isEmpty(request: CreateRequest): boolean {
  const { HostConfig: _host, NetworkingConfig: _networking, ...config } = request;
  return (
    Object.keys(config).length === EMPTY.length &&
    EMPTY.every(([name, value]) => value === config[name as keyof typeof config])
  );
}
