import { checkFilters } from '#api';
import { invalid, notImplemented } from '#errdefs';
import type { ServerDeps } from './deps.ts';
import type { Exchange } from './exchange.ts';
import { archiveRoutes, platformOf, platformsOf } from './image-archives.ts';
import { inspectFor, summaryFor } from './image-versions.ts';
import { sendProgress } from './progress.ts';
import { authOf } from './registries.ts';
import type { Route } from './route.ts';

export const imageRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/images/json',
    query: ['all', 'filters', 'shared-size', 'digests', 'manifests'],
    handle: list,
  },
  {
    method: 'GET',
    path: '/images/{name}/json',
    query: ['manifests', 'platform'],
    handle: inspect,
  },
  {
    method: 'GET',
    path: '/images/{name}/history',
    query: ['platform'],
    handle: async (x, { images }) => {
      const platform = platformOf(x);
      x.json(await images.history(x.name, { ...(platform && { platform }) }));
    },
  },
  {
    method: 'POST',
    path: '/images/{name}/tag',
    query: ['repo', 'tag'],
    handle: async (x, { images }) => {
      const repo = x.query.string('repo');
      if (repo !== '') await images.tag(x.name, { repo, tag: x.query.string('tag') });
      // Docker: without a name for it nothing is done, and that is fine.
      x.empty(repo === '' ? 200 : 201);
    },
  },
  { method: 'DELETE', path: '/images/{name}', query: ['force', 'noprune', 'platforms'], handle: remove },
  { method: 'POST', path: '/images/prune', query: ['filters'], handle: prune },
  ...archiveRoutes,
  { method: 'POST', path: '/images/{name}/push', query: ['tag', 'platform'], isBinary: true, handle: push },
  {
    method: 'POST',
    path: '/images/create',
    query: ['fromImage', 'fromSrc', 'repo', 'tag', 'message', 'changes', 'platform'],
    isBinary: true,
    handle: create,
  },
];

async function list(x: Exchange, { images }: ServerDeps): Promise<void> {
  const filters = x.query.filters();
  checkFilters(filters, ['dangling', 'label', 'label!', 'before', 'since', 'reference', 'until']);
  const options = { all: x.query.bool('all'), filters, sharedSize: x.query.bool('shared-size') };
  const found = await images.list(options);
  x.json(x.before('1.48') ? found.map((image) => summaryFor(x.version, image)) : found);
}

async function inspect(x: Exchange, { images }: ServerDeps): Promise<void> {
  const platform = platformOf(x, '1.49');
  if (platform && !x.before('1.48') && x.query.bool('manifests')) {
    throw invalid('conflicting options: manifests and platform options cannot both be set');
  }
  x.json(inspectFor(x.version, await images.inspect(x.name, { ...(platform && { platform }) })));
}

async function remove(x: Exchange, { images }: ServerDeps): Promise<void> {
  if (x.name.trim() === '') throw invalid('image name cannot be blank');
  const platforms = platformsOf(x);
  const options = { force: x.query.bool('force'), noprune: x.query.bool('noprune'), platforms };
  x.json(await images.remove(x.name, options));
}

async function prune(x: Exchange, { images }: ServerDeps): Promise<void> {
  if (!images.prune) throw notImplemented('pruning images is not supported yet');
  x.json(await images.prune(x.query.filters()));
}

async function create(x: Exchange, { images }: ServerDeps): Promise<void> {
  const { query } = x;
  const name = query.string('fromImage');
  if (name !== '') {
    const options = { platform: query.string('platform'), auth: authOf(x), signal: x.signal };
    await sendProgress(x, images.pull(name, query.string('tag'), options));
    return;
  }
  const source = query.string('fromSrc');
  const options = {
    repo: query.string('repo'),
    tag: query.string('tag'),
    message: query.string('message'),
    changes: query.strings('changes'),
    platform: query.string('platform'),
    signal: x.signal,
  };
  await sendProgress(x, source === '-' ? images.import(x.request, options) : images.importUrl(source, options));
}

async function push(x: Exchange, { images }: ServerDeps): Promise<void> {
  const auth = authOf(x);
  // Docker: the parameter came with 1.46, two versions before that of the other calls.
  const platform = platformOf(x, '1.46');
  const options = { auth, signal: x.signal, ...(platform && { platform }) };
  await sendProgress(x, images.push(x.name, x.query.string('tag'), options));
}
