import type { EndpointSettings } from '#api';
import { conflict } from '#errdefs';
import { failpoint } from '#sys';
import type { Context } from './context.ts';
import { rewriteNetworkFiles } from './network-files.ts';
import type { Container } from './record.ts';
import { hasProcess } from './record.ts';
import { serveNames } from './sandbox.ts';
import { sandboxRequest } from './sandbox-request.ts';
import { tellNetwork } from './tell.ts';

export interface Connection {
  readonly network: string;
  readonly settings: Partial<EndpointSettings>;
}

/**
 * Gives a container a place in a network; one that runs gets its interface and names at once. A crash after the record
 * leaves it to the next start to make the interface.
 */
export async function connect(
  context: Context,
  container: Container,
  { network, settings }: Connection,
): Promise<void> {
  const { id } = container;
  const { store, networks, sandboxes } = context;
  assertPresent(container);
  // What was made in the hope of a start is of the networks before.
  if (!hasProcess(container)) await sandboxes.discard(id);
  // Docker: where there is no default bridge a place in it is granted, and nothing comes of it.
  if (hasProcess(container) && networks.isAbsentBridge(network)) return;
  const request = sandboxRequest(container);
  const joining = { network, asked: settings, isRunning: hasProcess(container) };
  if (!joining.isRunning) {
    store.tx(() => networks.join(request, joining));
    failpoint('container.connect.recorded');
    return;
  }
  const before = networks.files(id);
  store.tx(() => networks.join(request, joining));
  failpoint('container.connect.recorded');
  try {
    const sockets = await networks.connect(id, network);
    if (sockets.length > 0) await serveNames(context, id, sockets);
  } catch (error) {
    await takeBack(context, container, network);
    throw error;
  }
  failpoint('container.connect.attached');
  rewriteNetworkFiles(context, id, { before, after: networks.files(id) });
  failpoint('container.connect.files-written');
  store.tx(() => tellNetwork(context, container, network, 'connect'));
  failpoint('container.connect.told');
}

async function takeBack(context: Context, container: Container, network: string): Promise<void> {
  const { store, networks, log } = context;
  try {
    const left = store.tx(() => networks.leave(sandboxRequest(container), { network, isRunning: true }));
    failpoint('container.connect.taken-back');
    await networks.disconnect(container.id, left);
  } catch (error) {
    log.warn('a failed connect was not taken back', { container: container.id, network, error });
  }
}

/** Docker: one that is being removed, or could not be, changes no more. */
export function assertPresent({ id, status }: Container): void {
  if (status !== 'dead' && status !== 'removing') return;
  throw conflict(`container ${id} is marked for removal and cannot be connected or disconnected to the network`);
}
