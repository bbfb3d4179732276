import { checkFilters, NetworkConnectRequest, NetworkCreateRequest, NetworkDisconnectRequest } from '#api';
import { invalid, notFound } from '#errdefs';
import type { ServerDeps } from './deps.ts';
import type { Exchange } from './exchange.ts';
import type { Route } from './route.ts';
import { withBody } from './route.ts';

const TRUE = ['1', 't', 'T', 'true', 'TRUE', 'True'];
const FALSE = ['', '0', 'f', 'F', 'false', 'FALSE', 'False'];

export const networkRoutes: readonly Route[] = [
  { method: 'GET', path: '/networks', query: ['filters'], handle: list },
  { method: 'GET', path: '/networks/', query: ['filters'], handle: list },
  {
    method: 'GET',
    path: '/networks/{id}',
    query: ['verbose', 'scope'],
    handle: async (x, { networks }) => {
      const scope = x.query.string('scope');
      const network = await networks.inspect(x.name, { verbose: verbose(x.query.string('verbose')), scope });
      if (scope !== '' && network.Scope !== scope) throw notFound(`network ${x.name} not found`);
      x.json(network);
    },
  },
  withBody({
    method: 'POST',
    path: '/networks/create',
    body: NetworkCreateRequest,
    handle: async (x, { networks }, request) => {
      if (request.Name === '') throw invalid('invalid name: name is empty');
      x.json(await networks.create(request), 201);
    },
  }),
  {
    method: 'DELETE',
    path: '/networks/{id}',
    handle: async (x, { networks }) => {
      await networks.remove(x.name);
      x.empty(204);
    },
  },
  withBody({
    method: 'POST',
    path: '/networks/{id}/connect',
    body: NetworkConnectRequest,
    handle: async (x, { containers }, request) => {
      assertNamed(request.Container);
      await containers.connect(x.name, request);
      x.empty(200);
    },
  }),
  withBody({
    method: 'POST',
    path: '/networks/{id}/disconnect',
    body: NetworkDisconnectRequest,
    handle: async (x, { containers }, request) => {
      assertNamed(request.Container);
      await containers.disconnect(x.name, request);
      x.empty(200);
    },
  }),
  {
    method: 'POST',
    path: '/networks/prune',
    query: ['filters'],
    handle: async (x, { networks }) => {
      const filters = x.query.filters();
      checkFilters(filters, ['label', 'label!', 'until']);
      x.json(await networks.prune(filters));
    },
  },
];

function assertNamed(container: string): void {
  if (container === '') throw invalid('invalid name or ID supplied: ""');
}

async function list(x: Exchange, { networks }: ServerDeps): Promise<void> {
  const filters = x.query.filters();
  checkFilters(filters, ['dangling', 'driver', 'id', 'label', 'name', 'scope', 'type']);
  x.json(await networks.list(filters));
}

/** Docker: this one boolean is read strictly. */
function verbose(text: string): boolean {
  if (TRUE.includes(text)) return true;
  if (FALSE.includes(text)) return false;
  throw invalid(
    `invalid value for verbose: ${text}: strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`,
  );
}
