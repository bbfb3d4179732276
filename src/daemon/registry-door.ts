import { join } from 'node:path';
import type { Log } from '#log';
import { runRegistry } from '#registry';
import { sendfile } from '#sys';
import type { DaemonConfig } from './config.ts';
import { ConfigError } from './config-file.ts';
import type { Engine } from './engine.ts';
import { isOwnConnection } from './own-connection.ts';
import { engineStorage } from './registry-storage.ts';
import { openUpstream } from './registry-upstream.ts';

/** A registry that holds its content already and serves when it is started. */
export interface RegistryDoor extends AsyncDisposable {
  start(): Promise<void>;
}

/**
 * The registry of daemon.json over the engine's content store. Before the engine collects: what was pushed there is held
 * also while nothing is served.
 */
export async function openRegistry({ content }: Engine, config: DaemonConfig, log: Log): Promise<RegistryDoor> {
  await using undo = new AsyncDisposableStack();
  const storage = undo.use(await engineStorage(content, join(config.dataRoot, 'registry')));
  const { registryServer } = config;
  const own = log.child({ module: 'registry' });
  const stack = undo.move();
  const start = async () => {
    if (!registryServer) return;
    const running = await runRegistry(registryServer, {
      ...{ log: own, storage, isOwner: isOwnConnection, sendFile: sendfile },
      upstream: (of) => openUpstream(of, own),
    }).catch((error) => {
      throw new ConfigError(`"registry": ${(error as Error).message}`, { cause: error });
    });
    stack.use(running);
    own.info('serving a registry', { address: running.address });
  };
  return { start, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}
