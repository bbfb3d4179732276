import { failpoint } from '#sys';
import { assertPresent } from './connect.ts';
import type { Context } from './context.ts';
import { rewriteNetworkFiles } from './network-files.ts';
import type { Container } from './record.ts';
import { hasProcess } from './record.ts';
import { sandboxRequest } from './sandbox-request.ts';
import { tellLeft } from './tell.ts';

/**
 * Takes a container out of a network; one that runs loses its interface at once. A crash after the record leaves an
 * interface without an owner, which the next start removes.
 */
export async function disconnect(context: Context, container: Container, network: string): Promise<void> {
  const { id } = container;
  const { store, networks, sandboxes } = context;
  assertPresent(container);
  const isRunning = hasProcess(container);
  if (!isRunning) await sandboxes.discard(id);
  const before = isRunning ? networks.files(id) : undefined;
  const left = store.tx(() => {
    const gone = networks.leave(sandboxRequest(container), { network, isRunning });
    if (gone.networkId !== '') tellLeft(context, container, gone);
    return gone;
  });
  failpoint('container.disconnect.recorded');
  if (!before) return;
  await networks.disconnect(id, left);
  failpoint('container.disconnect.detached');
  rewriteNetworkFiles(context, id, { before, after: networks.files(id) });
  failpoint('container.disconnect.files-written');
}
