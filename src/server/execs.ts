import { ExecConfig, ExecStartRequest } from '#api';
import type { ServerDeps } from './deps.ts';
import type { Exchange } from './exchange.ts';
import { COMMON_HEADERS } from './head.ts';
import type { Hijack } from './hijack.ts';
import { reframe } from './reframe.ts';
import type { Route } from './route.ts';
import { withBody } from './route.ts';
import { terminalSize } from './terminal.ts';

export const execRoutes: readonly Route[] = [
  withBody({
    method: 'POST',
    path: '/containers/{name}/exec',
    body: ExecConfig,
    handle: async (x, { containers }, config) => {
      const shaped = x.before('1.42') ? { ...config, ConsoleSize: undefined } : config;
      x.json(await containers.execCreate(x.name, shaped), 201);
    },
  }),
  withBody({
    method: 'POST',
    path: '/exec/{id}/start',
    body: ExecStartRequest,
    handle: startOnExchange,
    hijack: startOnHijack,
  }),
  {
    method: 'POST',
    path: '/exec/{id}/resize',
    query: ['h', 'w'],
    handle: async (x, { containers }) => {
      await containers.execResize(x.name, terminalSize(x.query));
      x.empty(200);
    },
  },
  {
    method: 'GET',
    path: '/exec/{id}/json',
    handle: async (x, { containers }) => x.json(await containers.execInspect(x.name)),
  },
];

async function startOnExchange(x: Exchange, deps: ServerDeps, request: ExecStartRequest): Promise<void> {
  // An unknown id is told like any error, before the connection is taken over.
  await deps.containers.execInspect(x.name);
  if (!request.Detach) return await run(x.takeOver(), deps, request);
  await deps.containers.execStartDetached(x.name, request);
  x.empty(200);
}

async function startOnHijack(hijack: Hijack, deps: ServerDeps, request: ExecStartRequest): Promise<void> {
  try {
    await deps.containers.execInspect(hijack.name);
    if (request.Detach) {
      await deps.containers.execStartDetached(hijack.name, request);
      hijack.replyEmpty();
      return;
    }
  } catch (error) {
    hijack.failJson(error);
    return;
  }
  await run(hijack, deps, request);
}

/** Docker: the head comes first, so that a start that fails is told in the stream. */
async function run(hijack: Hijack, { containers }: ServerDeps, request: ExecStartRequest): Promise<void> {
  hijack.accept({ tty: request.Tty, headers: COMMON_HEADERS });
  try {
    const { tty, stream } = await containers.execStart(hijack.name, request);
    hijack.join(stream, reframe({ isRaw: tty, wantsRaw: request.Tty }));
  } catch (error) {
    hijack.failInBand(error, request.Tty);
  }
}
