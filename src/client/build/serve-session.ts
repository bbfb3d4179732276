import { createWriteStream, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import type { Duplex, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Auth, FileSend, FileSync, Health, SERVING, Secrets, Ssh, sendFiles, Upload } from '#buildkit';
import type { Handler, Metadata } from '#grpc';
import { byteStream, RpcError, serve, streaming, unary } from '#grpc';
import { folderSource } from './folder.ts';
import { receiveFolder } from './receive-folder.ts';
import { storeHandlers } from './serve-stores.ts';

/** Where a secret is read from. */
export type SecretSource = { readonly file: string } | { readonly value: string };

/** Where an export goes. */
export type OutputTarget = { readonly file: string } | { readonly folder: string } | { readonly stream: Writable };

/** What a client lets its build see. */
export interface SessionOffers {
  /** Folders by name. */
  readonly folders: ReadonlyMap<string, string>;
  readonly secrets: ReadonlyMap<string, SecretSource>;
  /** Sockets of agents by id. */
  readonly agents: ReadonlyMap<string, string>;
  /** Bytes that are fetched by a name, once. */
  readonly uploads: ReadonlyMap<string, AsyncIterable<Uint8Array>>;
  /** Folders that are image layouts, by the names of content stores. */
  readonly stores: ReadonlyMap<string, string>;
  /** By the number of the exporter. */
  readonly outputs: ReadonlyMap<number, OutputTarget>;
  credentials(host: string): { username: string; secret: string } | undefined;
}

/** The procedures of a session. */
export function sessionHandlers(offers: SessionOffers): Handler[] {
  return [
    unary(Health.check, () => ({ status: SERVING })),
    unary(Auth.credentials, ({ host }) => offers.credentials(host) ?? {}),
    unary(Secrets.get, ({ id }) => ({ data: secretOf(offers, id) })),
    ...(offers.agents.size > 0 ? agentHandlers(offers) : []),
    streaming(FileSync.diffCopy, async (call) => {
      const name = decoded(call.metadata, 'dir-name')[0] ?? '';
      const folder = offers.folders.get(name);
      if (folder === undefined) throw new RpcError('not-found', `no access allowed to dir ${JSON.stringify(name)}`);
      const query = {
        includes: decoded(call.metadata, 'include-patterns'),
        excludes: decoded(call.metadata, 'exclude-patterns'),
        followPaths: decoded(call.metadata, 'followpaths'),
      };
      await sendFiles({ packets: call.requests(), send: (packet) => call.send(packet) }, folderSource(folder, query));
    }),
    ...(offers.uploads.size > 0 ? [uploadHandler(offers)] : []),
    ...(offers.outputs.size > 0 ? [outputHandler(offers)] : []),
    ...storeHandlers(offers.stores),
  ];
}

/** Serves a session until its connection ends. */
export async function serveSession(connection: Duplex, handlers: readonly Handler[]): Promise<void> {
  await serve(connection, new Map(handlers.map((handler) => [handler.method.path, handler])), {
    failure: (error) => new RpcError('unknown', (error as Error).message),
  });
}

function secretOf({ secrets }: SessionOffers, id: string): Uint8Array {
  const source = secrets.get(id);
  if (!source) throw new RpcError('not-found', `secret ${id} not found`);
  return 'value' in source ? Buffer.from(source.value) : readFileSync(source.file);
}

function agentHandlers({ agents }: SessionOffers): Handler[] {
  const socketOf = (id: string): string => {
    const path = agents.get(id || 'default');
    if (path === undefined) throw new RpcError('not-found', `unset ssh forward key ${id}`);
    return path;
  };
  return [
    unary(Ssh.checkAgent, ({ id }) => {
      socketOf(id);
      return {};
    }),
    streaming(Ssh.forwardAgent, async (call) => {
      const agent = connect(socketOf(call.metadata.get('buildkit.ssh.id')?.[0] ?? ''));
      const client = byteStream({
        ...{ incoming: call.requests(), send: (message) => call.send(message), end: () => {}, cancel: () => {} },
      });
      await Promise.all([pipeline(client, agent), pipeline(agent, client)]).catch(() => {});
    }),
  ];
}

function uploadHandler({ uploads }: SessionOffers): Handler {
  return streaming(Upload.pull, async (call) => {
    const path = call.metadata.get('urlpath')?.[0] ?? '';
    const bytes = uploads.get(path.replace(/^\//, ''));
    if (!bytes) throw new RpcError('not-found', `no upload at ${path}`);
    for await (const data of bytes) await call.send({ data });
  });
}

function outputHandler({ outputs }: SessionOffers): Handler {
  const targetOf = (metadata: Metadata): OutputTarget => {
    const target = outputs.get(Number(metadata.get('buildkit-attachable-exporter-id')?.[0] ?? 0));
    if (!target) throw new RpcError('not-found', 'nothing is exported to this client');
    return target;
  };
  // The same procedure carries files or bytes: which, the target says.
  const files = streaming(FileSend.diffCopy, async (call) => {
    const target = targetOf(call.metadata);
    if ('folder' in target) {
      await receiveFolder(target.folder, { packets: call.requests(), send: (packet) => call.send(packet) });
    } else throw new RpcError('internal', 'bytes are expected');
  });
  const bytes = streaming(FileSend.bytes, async (call) => {
    const target = targetOf(call.metadata);
    const to = 'stream' in target ? target.stream : 'file' in target ? createWriteStream(target.file) : undefined;
    const chunks = (async function* () {
      for await (const { data } of call.requests()) yield data;
    })();
    await pipeline(chunks, to!, { end: true });
  });
  return [...outputs.values()].some((target) => 'folder' in target) ? files : bytes;
}

/** Values of metadata; those that did not fit into a head were escaped. */
function decoded(metadata: Metadata, key: string): readonly string[] {
  const values = metadata.get(key) ?? [];
  return metadata.has(`${key}-encoded`)
    ? values.map((value) => decodeURIComponent(value.replaceAll('+', ' ')))
    : values;
}
