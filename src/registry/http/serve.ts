import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Action, Fault, Gate, Need, Visitor } from '../access/gate.ts';
import { RegistryError } from '../errors.ts';
import type { Reader } from '../reader.ts';
import type { Registry } from '../registry.ts';
import { deleteBlob, getBlob } from './blobs.ts';
import { readBody } from './body.ts';
import type { Call } from './call.ts';
import { answer, answerJson } from './call.ts';
import { listReferrers, listRepositories, listTags, search } from './lists.ts';
import { deleteManifest, getManifest, putManifest } from './manifests.ts';
import type { Target } from './route.ts';
import { targetOf } from './route.ts';
import { appendUpload, beginUpload, cancelUpload, finishUpload, uploadStatus } from './uploads.ts';

type Handler = (call: Call, target: never, visitor: Visitor) => void | Promise<void>;
type Verb = readonly [action: Action | undefined, handler: Handler];
type Of<K extends Target['kind']> = Extract<Target, { kind: K }>;

const verb = <K extends Target['kind']>(
  action: Action | undefined,
  handler: (call: Call, target: Of<K>, visitor: Visitor) => void | Promise<void>,
): Verb => [action, handler as Handler];

const GET_BLOB = verb<'blob'>('pull', (call, { name, digest }) => getBlob(call, name, digest));
const GET_MANIFEST = verb<'manifest'>('pull', (call, { name, reference }) => getManifest(call, name, reference));
const UPLOAD_STATUS = verb<'upload'>('push', (call, { name, id }) => uploadStatus(call, name, id));
const ROOT = verb<'root'>(undefined, (call) => answer(call, 200, { 'Content-Type': 'application/json' }, '{}'));

/** What can be done with what, and the right that it takes. */
const VERBS: Readonly<Record<Target['kind'], Readonly<Record<string, Verb>>>> = {
  root: { GET: ROOT, HEAD: ROOT },
  catalog: { GET: verb<'catalog'>(undefined, (call, _target, visitor) => listRepositories(call, readableBy(visitor))) },
  tags: { GET: verb<'tags'>('pull', (call, { name }) => listTags(call, name)) },
  manifest: {
    GET: GET_MANIFEST,
    HEAD: GET_MANIFEST,
    PUT: verb<'manifest'>('push', (call, { name, reference }) => putManifest(call, name, reference)),
    DELETE: verb<'manifest'>('delete', (call, { name, reference }) => deleteManifest(call, name, reference)),
  },
  blob: {
    GET: GET_BLOB,
    HEAD: GET_BLOB,
    DELETE: verb<'blob'>('delete', (call, { name, digest }) => deleteBlob(call, name, digest)),
  },
  referrers: { GET: verb<'referrers'>('pull', (call, { name, digest }) => listReferrers(call, name, digest)) },
  uploads: { POST: verb<'uploads'>('push', (call, { name }, visitor) => beginUpload(call, name, readableBy(visitor))) },
  upload: {
    GET: UPLOAD_STATUS,
    HEAD: UPLOAD_STATUS,
    PATCH: verb<'upload'>('push', (call, { name, id }) => appendUpload(call, name, id)),
    PUT: verb<'upload'>('push', (call, { name, id }) => finishUpload(call, name, id)),
    DELETE: verb<'upload'>('push', (call, { name, id }) => cancelUpload(call, name, id)),
  },
};

const readableBy = (visitor: Visitor) => (name: string) => visitor.may(name, 'pull');

/** What the answers are made from. */
export interface Door {
  readonly registry: Registry;
  /** Where it stands for another one: what reads that too. Nothing can be changed then. */
  readonly reader?: Reader | undefined;
  readonly gate: Gate;
  readonly isOwner?: ((socket: Socket) => Promise<boolean>) | undefined;
}

/** A request that is to be answered. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** For the log. */
  account?: string | undefined;
}

/** Answers one request, or throws. */
export async function serve({ registry, reader, gate, isOwner }: Door, exchange: Exchange): Promise<void> {
  const { request, response } = exchange;
  const url = request.url ?? '/';
  const mark = url.indexOf('?');
  const path = mark < 0 ? url : url.slice(0, mark);
  const query = new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1));
  const mayChange = !registry.settings.readOnly && !reader;
  const call = (visitor?: Visitor, repository?: string): Call => ({
    mayPush: repository !== undefined && mayChange && (visitor?.may(repository, 'push') ?? false),
    ...{ request, response, query, registry, reader: reader ?? registry, account: visitor?.account },
    isOwner: async () => (await isOwner?.(request.socket)) ?? false,
  });
  response.setHeader('Docker-Distribution-Api-Version', 'registry/2.0');
  response.setHeader('X-Content-Type-Options', 'nosniff');
  for (const [name, value] of Object.entries(registry.settings.headers)) response.setHeader(name, value);
  if (path === '/' || path === '/healthz') return answer(call(), 200);
  // Docker: a registry of this kind is one on its own, without an index of users.
  if (path === '/v1/_ping') return answerJson(call(), { standalone: true }, { 'X-Docker-Registry-Standalone': 'True' });
  if (path === '/token' && gate.issue) return issueToken(call(), gate);
  if (path === '/v1/search') {
    const visitor = await admitted(gate, exchange, undefined);
    return search(call(visitor), readableBy(visitor));
  }
  const target = targetOf(path);
  if (!target) return answer(call(), 404, { 'Content-Type': 'text/plain; charset=utf-8' }, '404 page not found\n');
  const allowed = Object.keys(VERBS[target.kind]).join(', ');
  // Browsers ask before they ask, and bring no credentials then.
  if (request.method === 'OPTIONS') return answer(call(), 200, { Allow: allowed });
  const found = VERBS[target.kind][request.method ?? ''];
  if (!found) throw new RegistryError('UNSUPPORTED', { headers: { Allow: allowed } });
  const [action, handler] = found;
  const need = action && 'name' in target ? { repository: target.name, actions: actionsFor(action) } : undefined;
  const visitor = await admitted(gate, exchange, need);
  if (reader && isChange(request.method!)) throw new RegistryError('UNSUPPORTED');
  refuseChange(registry, target, request.method!);
  await handler(call(visitor, need?.repository), target as never, visitor);
}

const FORM_BYTES = 16 * 1024;

/** GET with a password, or POST with a form as OAuth 2 has it. */
async function issueToken(call: Call, gate: Gate): Promise<void> {
  const { request, query, registry } = call;
  const isForm = request.method === 'POST';
  const form = isForm ? (await readBody(request, FORM_BYTES, registry.settings.pace)).toString() : '';
  const { token, expires } = await gate.issue!(request, isForm ? new URLSearchParams(form) : query);
  const times = { expires_in: expires, issued_at: new Date().toISOString() };
  answerJson(call, { token, access_token: token, ...times }, { 'Cache-Control': 'no-store' });
}

/** Docker: whoever pushes also reads what is there already. */
const actionsFor = (action: Action): readonly Action[] => (action === 'push' ? ['pull', 'push'] : [action]);

async function admitted(gate: Gate, exchange: Exchange, need: Need | undefined): Promise<Visitor> {
  const unauthorized = (fault?: Fault) =>
    new RegistryError('UNAUTHORIZED', {
      headers: { 'WWW-Authenticate': gate.challenge(exchange.request, need, fault) },
      ...(need && { detail: [{ Type: 'repository', Class: '', Name: need.repository, Action: need.actions.at(-1) }] }),
    });
  const visitor = await gate.admit(exchange.request).catch((error: unknown) => {
    throw error instanceof RegistryError && error.code === 'UNAUTHORIZED' ? unauthorized('invalid_token') : error;
  });
  exchange.account = visitor?.account;
  if (!visitor) throw unauthorized();
  const isAllowed = !need || need.actions.every((action) => visitor.may(need.repository, action));
  if (isAllowed) return visitor;
  // A token that allows less than its account may be followed by one that allows this.
  if (gate.issue) throw unauthorized('insufficient_scope');
  if (visitor.account === undefined) throw unauthorized();
  throw new RegistryError('DENIED', { detail: { name: need.repository, action: need.actions.at(-1) } });
}

const isChange = (method: string) => method !== 'GET' && method !== 'HEAD';

function refuseChange({ settings }: Registry, target: Target, method: string): void {
  if (!isChange(method)) return;
  if (settings.readOnly) throw new RegistryError('UNSUPPORTED', { message: 'the registry is in read-only mode' });
  const isDelete = method === 'DELETE' && target.kind !== 'upload';
  if (isDelete && !settings.delete) throw new RegistryError('UNSUPPORTED');
}
