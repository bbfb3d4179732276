import { booleanFilter, checkFilters, VolumeCreateRequest } from '#api';
import { unavailable } from '#errdefs';
import type { Route } from './route.ts';
import { withBody } from './route.ts';

export const volumeRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/volumes',
    query: ['filters'],
    handle: async (x, { volumes }) => {
      const filters = x.query.filters();
      checkFilters(filters, ['dangling', 'driver', 'label', 'name']);
      x.json(await volumes.list(filters));
    },
  },
  withBody({
    method: 'POST',
    path: '/volumes/create',
    body: VolumeCreateRequest,
    handle: async (x, { volumes }, request) => x.json(await volumes.create(request), 201),
  }),
  {
    method: 'GET',
    path: '/volumes/{name}',
    handle: async (x, { volumes }) => x.json(await volumes.get(x.name)),
  },
  {
    method: 'DELETE',
    path: '/volumes/{name}',
    query: ['force'],
    handle: async (x, { volumes }) => {
      await volumes.remove(x.name, x.query.bool('force'));
      x.empty(204);
    },
  },
  {
    method: 'PUT',
    path: '/volumes/{name}',
    answers: 503,
    handle: () => {
      throw unavailable('volume update only valid for cluster volumes, but swarm is unavailable');
    },
  },
  {
    method: 'POST',
    path: '/volumes/prune',
    query: ['filters'],
    handle: async (x, { volumes }) => {
      const filters = x.query.filters();
      checkFilters(filters, ['label', 'label!', 'all']);
      booleanFilter(filters, 'all', false);
      // Docker: before 1.42 named volumes were pruned too.
      x.json(await volumes.prune(x.before('1.42') && !filters.all ? { ...filters, all: ['true'] } : filters));
    },
  },
];
