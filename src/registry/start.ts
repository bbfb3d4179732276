import type { Log } from '#log';
import { nullLog } from '#log';
import type { Gate } from './access/gate.ts';
import { OPEN_GATE } from './access/gate.ts';
import { Expiry } from './cache/expiry.ts';
import { PullThrough } from './cache/pull-through.ts';
import type { Storage, Upstream } from './deps.ts';
import type { SendFile } from './http/send.ts';
import type { RegistryEvent } from './registry.ts';
import { Registry } from './registry.ts';
import type { Served, ServerDeps, TlsPair } from './server.ts';
import { RegistryServer } from './server.ts';
import type { Settings } from './settings.ts';
import { DEFAULT_SETTINGS } from './settings.ts';
import { folderStorage } from './storage/folder.ts';

const PURGE_MS = 3600_000;
const EVICT_LEAST_MS = 250;

export interface StartOptions {
  /** A folder, or whatever else keeps content. */
  readonly storage: string | Storage;
  readonly host?: string;
  readonly port?: number;
  readonly gate?: Gate;
  readonly settings?: Partial<Settings>;
  readonly tls?: TlsPair | undefined;
  readonly log?: Log;
  readonly onEvent?: (event: RegistryEvent) => void;
  readonly onServed?: (served: Served) => void;
  /** Whether who called has the storage's blobs himself. */
  readonly isOwner?: ServerDeps['isOwner'];
  readonly sendFile?: SendFile | undefined;
  /** The registry that this one stands for, and how long what is fetched from there is kept; 0: for ever. */
  readonly upstream?: { readonly source: Upstream; readonly ttlMs: number } | undefined;
}

/** A registry that serves, until it is disposed. */
export interface RunningRegistry extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** `127.0.0.1:1234`: what stands before the slash in an image's name. */
  readonly address: string;
  readonly registry: Registry;
}

/** Starts a registry in this process; on a free port of 127.0.0.1 where nothing else is said. */
export async function startRegistry(options: StartOptions): Promise<RunningRegistry> {
  const { storage, gate = OPEN_GATE, tls, log = nullLog, onEvent, onServed } = options;
  await using undo = new AsyncDisposableStack();
  const settings = { ...DEFAULT_SETTINGS, ...options.settings };
  const registry = new Registry({
    storage: typeof storage === 'string' ? folderStorage(storage) : storage,
    settings,
    log,
    sendFile: options.sendFile,
    ...(onEvent && { onEvent }),
  });
  await registry.quota.count(registry.repositories, registry.storage);
  const reader = options.upstream && undo.use(standFor(registry, options.upstream));
  const server = undo.use(
    new RegistryServer({ registry, reader, gate, tls, log, isOwner: options.isOwner, ...(onServed && { onServed }) }),
  );
  const place = { host: options.host ?? '127.0.0.1', port: options.port ?? 0 };
  const { host, port } = await server.listen(place);
  const purge = () =>
    registry.uploads.purge(Date.now() - settings.uploadMs).catch((error) => log.warn('uploads stay', { error }));
  await purge();
  const timer = setInterval(purge, PURGE_MS).unref();
  undo.defer(() => clearInterval(timer));
  const stack = undo.move();
  const address = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  return { host, port, address, registry, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

/** Reads what is there and here, and removes what was fetched too long ago. */
function standFor(registry: Registry, { source, ttlMs }: NonNullable<StartOptions['upstream']>): PullThrough {
  const expiry = new Expiry(registry, ttlMs);
  const evict = () => expiry.evict().catch((error) => registry.log.error('expired content stays', { error }));
  const timer = ttlMs > 0 && setInterval(evict, Math.min(Math.max(ttlMs / 4, EVICT_LEAST_MS), PURGE_MS)).unref();
  void evict();
  return new PullThrough(registry, source, { expiry, onEnd: () => clearInterval(timer || undefined) });
}
