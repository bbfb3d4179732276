/**
 * The Engine API over HTTP: a table of routes, and the server that speaks as Docker's does on unix sockets, TCP and
 * inherited descriptors (versions, headers, errors, bodies, taken-over connections). It decides nothing about containers:
 * verbs come in through the interfaces of `deps.ts`, values go out, shaped for the API version that the client speaks.
 *
 * Lifecycle: constructed with its deps, `listen` (several times), `close`. It keeps no state but open connections.
 */

export type {
  AttachedStream,
  AttachOptions,
  Authorizer,
  Caller,
  Containers,
  DiskUsagePart,
  EventSource,
  ImageListOptions,
  Images,
  ListOptions,
  LogStream,
  LogsOptions,
  Networks,
  ServerDeps,
  StopOptions,
  SystemInfo,
  Volumes,
} from './deps.ts';
export type { Listener, ListenOptions } from './listen.ts';
export { isServed } from './listen.ts';
export type { PassedSocket } from './passed-sockets.ts';
export { takePassedSockets } from './passed-sockets.ts';
export type { Method, Route } from './route.ts';
export { Router } from './router.ts';
export { routes } from './routes.ts';
export { Server } from './server.ts';
export type { TlsFiles, TlsPaths } from './tls.ts';
export { readTlsFiles } from './tls.ts';
export { warmUp } from './warm-up.ts';
