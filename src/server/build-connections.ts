import { internal, invalid } from '#errdefs';
import type { Route } from './route.ts';

const NO_UPGRADE = 'no upgrade proto in request';

/** The two connections that BuildKit's clients open; whoever does not upgrade is refused. */
export const buildConnectionRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: '/grpc',
    isBinary: true,
    handle: () => {
      // Docker: an error 500 here, and 400 there.
      throw internal(NO_UPGRADE);
    },
    hijack: async (hijack, { buildConnections }) => {
      requireH2c(hijack.request.headers.upgrade, internal);
      await buildConnections.serve(hijack.upgrade('h2c'));
    },
  },
  {
    method: 'POST',
    path: '/session',
    isBinary: true,
    handle: () => {
      throw invalid(NO_UPGRADE);
    },
    hijack: async (hijack, { buildConnections }) => {
      const { headersDistinct } = hijack.request;
      requireH2c(hijack.request.headers.upgrade, invalid);
      await buildConnections.attachSession(hijack.upgrade('h2c'), (name) => headersDistinct[name] ?? []);
    },
  },
];

function requireH2c(upgrade: string | undefined, refuse: (message: string) => Error): void {
  if (upgrade === undefined) throw refuse(NO_UPGRADE);
  if (upgrade !== 'h2c') throw refuse(`protocol ${upgrade} not supported`);
}
