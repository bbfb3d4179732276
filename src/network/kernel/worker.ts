import { parentPort } from 'node:worker_threads';
import { failpoint, isErrno, nftables } from '#sys';
import { publishAll } from './elements.ts';
import { forgetFlows } from './flows.ts';
import { Guard } from './guard.ts';
import {
  attach,
  deleteLinks,
  ensureBridge,
  forward,
  forward6,
  hostRoutes,
  isForwarding,
  isForwarding6,
  joinBridge,
  listLinks,
  loopback,
  openSockets,
  route,
} from './operations.ts';
import type { Call, ElementChange, OperationName, Operations, Reply } from './protocol.ts';

/** The net worker: a thread that may wait for RTNL and enter network namespaces. It handles one call after the other. */
const sockets = openSockets();
const guard = new Guard(sockets.netfilter, tell);

type Handler<Name extends OperationName> = (
  argument: Operations[Name]['takes'],
) => Operations[Name]['gives'] | Promise<Operations[Name]['gives']>;

const handlers: { [Name in OperationName]: Handler<Name> } = {
  attach: (request) => {
    attach(sockets, request);
    publish(request.publish);
    return undefined;
  },
  loopback: (request) => done(loopback(request)),
  publish: (change) => done(publish(change)),
  forgetFlows,
  ensureBridge: (request) => ensureBridge(sockets, request),
  listLinks: () => listLinks(sockets),
  joinBridge: (request) => done(joinBridge(sockets, request)),
  deleteLinks: (names) => done(deleteLinks(sockets, names)),
  hostRoutes: (request) => hostRoutes(sockets, request),
  isForwarding,
  forward: () => done(forward()),
  isForwarding6,
  forward6: () => done(forward6()),
  route: (request) => done(route(request)),
  render: ({ text }) => {
    nftables(text);
    failpoint('network.firewall.rendered');
    guard.settle();
    return undefined;
  },
  guard: (request) => guard.start(request),
  unguard: () => done(guard.stop()),
};

parentPort!.on('message', ({ id, name, argument }: Call) => {
  const fail = (error: unknown) => {
    const { message, code } = error as NodeJS.ErrnoException;
    tell({ id, error: { message, ...(code && { code }) } });
  };
  try {
    const result = handlers[name](argument as never);
    if (result instanceof Promise) result.then(() => tell({ id, result: undefined }), fail);
    else tell({ id, result });
  } catch (error) {
    fail(error);
  }
});

function publish(change: ElementChange): void {
  if (change.add.length + change.remove.length === 0) return;
  try {
    publishAll(sockets.netfilter, change);
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
    // Somebody flushed our table, and the guard has not seen it yet. Rendered again it holds this change too.
    tell({ news: 'table-damaged' });
  }
  failpoint('network.published');
}

function tell(reply: Reply): void {
  parentPort!.postMessage(reply);
}

function done(_: unknown): undefined {
  return undefined;
}
