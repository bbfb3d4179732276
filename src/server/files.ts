import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createDeflate, createGzip } from 'node:zlib';
import type { PathStat } from '#api';
import { ContainerConfig } from '#api';
import { internal, invalid } from '#errdefs';
import { nullable } from '#schema';
import type { ServerDeps } from './deps.ts';
import type { Exchange } from './exchange.ts';
import type { Route } from './route.ts';
import { withBody } from './route.ts';

const ARCHIVE = '/containers/{name}/archive';
const FAST = { level: constants.Z_BEST_SPEED };
/** In the order of preference among equals. */
const ENCODINGS = { gzip: () => createGzip(FAST), deflate: () => createDeflate(FAST) } as const;

/** The routes of a container's files. */
export const fileRoutes: readonly Route[] = [
  { method: 'HEAD', path: ARCHIVE, query: ['path'], handle: stat },
  { method: 'GET', path: ARCHIVE, query: ['path'], handle: copyOut },
  {
    method: 'PUT',
    path: ARCHIVE,
    query: ['path', 'noOverwriteDirNonDir', 'copyUIDGID'],
    isBinary: true,
    handle: copyIn,
  },
  { method: 'GET', path: '/containers/{name}/export', handle: exportFiles },
  { method: 'GET', path: '/containers/{name}/changes', handle: changes },
  withBody({
    method: 'POST',
    path: '/commit',
    query: ['container', 'repo', 'tag', 'comment', 'author', 'pause', 'changes'],
    body: nullable(ContainerConfig),
    handle: commit,
  }),
];

async function stat(x: Exchange, { files }: ServerDeps): Promise<void> {
  x.head(statHeader(await files.statPath(x.name, pathOf(x))));
}

async function copyOut(x: Exchange, { files }: ServerDeps): Promise<void> {
  const { stat: found, body } = await files.copyOut(x.name, { path: pathOf(x), signal: x.signal });
  const encoding = encodingOf(x.request.headers['accept-encoding'] ?? '');
  const headers = [...statHeader(found), ...(encoding ? ['Content-Encoding', encoding] : [])];
  x.begin('application/x-tar', headers);
  await send(x, body, encoding);
}

async function copyIn(x: Exchange, { files }: ServerDeps): Promise<void> {
  const path = pathOf(x);
  const keepsKinds = x.query.bool('noOverwriteDirNonDir');
  const ownedByUser = x.query.bool('copyUIDGID');
  await files.copyIn(x.name, x.request, { path, keepsKinds, ownedByUser, signal: x.signal });
  x.empty(200);
}

async function exportFiles(x: Exchange, { files }: ServerDeps): Promise<void> {
  const body = await files.export(x.name, { signal: x.signal });
  x.begin('application/octet-stream');
  await send(x, body, undefined);
}

async function commit(x: Exchange, { files }: ServerDeps, config: ContainerConfig | null): Promise<void> {
  const { query } = x;
  const made = await files.commit(query.string('container'), {
    repo: query.string('repo'),
    tag: query.string('tag'),
    author: query.string('author'),
    comment: query.string('comment'),
    pause: query.bool('pause', true),
    changes: query.strings('changes'),
    config: config ?? undefined,
    signal: x.signal,
  });
  x.json(made, 201);
}

/** Docker: no changes are null. */
async function changes(x: Exchange, { files }: ServerDeps): Promise<void> {
  let separator = '[';
  for await (const batch of files.changes(x.name, { signal: x.signal })) {
    if (separator === '[') x.begin('application/json');
    if (!(await x.write(separator + batch.map((change) => JSON.stringify(change)).join(',')))) return;
    separator = ',';
  }
  if (separator === '[') return x.json(null);
  await x.write(']\n');
  x.response.end();
}

/** Docker: there is no space between the words. */
function pathOf({ query }: Exchange): string {
  const path = query.string('path');
  if (path === '') throw invalid('bad parameter: pathcannot be empty');
  // Docker: the kernel's word for it.
  if (path.includes('\0')) throw internal(`lstat ${path.startsWith('/') ? '' : '/'}${path}: invalid argument`);
  return path;
}

function statHeader(found: PathStat): string[] {
  return ['X-Docker-Container-Path-Stat', Buffer.from(JSON.stringify(found)).toString('base64')];
}

/** The first of ours that the client takes, by its own weights. */
function encodingOf(accepted: string): keyof typeof ENCODINGS | undefined {
  const weights = new Map<string, number>();
  for (const part of accepted.split(',')) {
    const [name = '', ...parameters] = part.split(';').map((word) => word.trim().toLowerCase());
    const weight = parameters.find((word) => word.startsWith('q='))?.slice(2);
    weights.set(name, weight === undefined ? 1 : Number(weight) || 0);
  }
  const names = Object.keys(ENCODINGS) as (keyof typeof ENCODINGS)[];
  const weightOf = (name: string) => weights.get(name) ?? weights.get('*') ?? 0;
  return names.filter((name) => weightOf(name) > 0).sort((a, b) => weightOf(b) - weightOf(a))[0];
}

/** What goes wrong after the head cuts the connection: the client must not take a part for the whole. */
async function send(x: Exchange, body: Readable, encoding: keyof typeof ENCODINGS | undefined): Promise<void> {
  if (encoding) await pipeline(body, ENCODINGS[encoding](), x.response);
  else await pipeline(body, x.response);
}
