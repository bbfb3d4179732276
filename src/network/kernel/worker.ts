import { parentPort } from 'node:worker_threads';
import { failpoint } from '#sys';
import { runInChild } from '../firewall/render.ts';
import { publishAll } from './elements.ts';
import { Guard } from './guard.ts';
import {
  attach,
  deleteLinks,
  ensureBridge,
  forgetFlows,
  forward,
  hostRoutes,
  isForwarding,
  joinBridge,
  listLinks,
  loopback,
  openSockets,
} from './operations.ts';
import type { Call, OperationName, Operations, Reply } from './protocol.ts';

/** The net worker: a thread that may wait for RTNL and enter network namespaces. It handles one call after the other. */
const sockets = openSockets();
const guard = new Guard(sockets.netfilter, tell);

const handlers: { [Name in OperationName]: (argument: Operations[Name]['takes']) => Operations[Name]['gives'] } = {
  attach: (request) => done(attach(sockets, request)),
  loopback: (request) => done(loopback(request)),
  publish: (change) => {
    publishAll(sockets.netfilter, change);
    failpoint('network.published');
    return undefined;
  },
  forgetFlows: ({ address }) => done(forgetFlows(sockets, { replySource: address })),
  ensureBridge: (request) => ensureBridge(sockets, request),
  listLinks: () => listLinks(sockets),
  joinBridge: (request) => done(joinBridge(sockets, request)),
  deleteLinks: (names) => done(deleteLinks(sockets, names)),
  hostRoutes: (request) => hostRoutes(sockets, request),
  isForwarding,
  forward: () => done(forward()),
  render: ({ text }) => {
    runInChild(text);
    failpoint('network.firewall.rendered');
    guard.settle();
    return undefined;
  },
  guard: (request) => guard.start(request),
  unguard: () => done(guard.stop()),
};

parentPort!.on('message', ({ id, name, argument }: Call) => {
  try {
    tell({ id, result: handlers[name](argument as never) });
  } catch (error) {
    const { message, code, syscall } = error as NodeJS.ErrnoException;
    tell({ id, error: { message, ...(code && { code }), ...(syscall && { syscall }) } });
  }
});

function tell(reply: Reply): void {
  parentPort!.postMessage(reply);
}

function done(_: unknown): undefined {
  return undefined;
}
