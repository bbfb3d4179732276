/**
 * The SDK: a client of the Engine API over a unix socket, TCP or TLS, with an HTTP/1.1 of its own on node:net (loading
 * node:http costs a command line 35 ms). One connection a request, one file a resource; answers are typed by #api and not
 * checked. The API version begins at the newest we know and falls to the daemon's, without a ping beforehand.
 */

export type { Address, TlsOptions } from './address.ts';
export { defaultHost, dockerSocket, gantrySocket, parseAddress } from './address.ts';
export type { Sink } from './body.ts';
export { Body } from './body.ts';
export type { BuildStatus, Builds, RunningBuild, TypedOption } from './build/builds.ts';
export { LayoutFolder } from './build/layout-folder.ts';
export type { OutputTarget, SecretSource, SessionOffers } from './build/serve-session.ts';
export { Client } from './client.ts';
export type { Answered } from './connection.ts';
export type { AttachOptions, Containers, CreateBody, LogOptions, Waiting } from './containers.ts';
export { ConnectError, DaemonError } from './errors.ts';
export type { ExecStart, Execs } from './execs.ts';
export type { Files } from './files.ts';
export type { Images } from './images.ts';
export type { ObjectKind } from './objects.ts';
export type { Ping } from './system.ts';
export type { Query, Request, Response } from './transport.ts';
export { encodeQuery, newestVersion, Transport } from './transport.ts';
