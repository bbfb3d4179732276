import type { WaitCondition } from '#api';
import { before, encodeFrame } from '#api';
import { invalid, isKind } from '#errdefs';
import type { AttachOptions, LogsOptions, ServerDeps } from './deps.ts';
import type { Exchange } from './exchange.ts';
import type { Hijack } from './hijack.ts';
import type { Query } from './query.ts';
import type { Route } from './route.ts';
import { failureOf } from './status.ts';
import { timestamp } from './system.ts';
import { detachKeys } from './terminal.ts';
import { acceptWebSocket } from './websocket/handshake.ts';

const CONDITIONS: readonly string[] = ['not-running', 'next-exit', 'removed'];

/** The routes of a container that stay open: wait, logs, attach. */
export const streamRoutes: readonly Route[] = [
  { method: 'POST', path: '/containers/{name}/wait', query: ['condition'], handle: wait },
  {
    method: 'GET',
    path: '/containers/{name}/logs',
    query: ['follow', 'stdout', 'stderr', 'since', 'until', 'timestamps', 'tail', 'details'],
    handle: logs,
  },
  { method: 'GET', path: '/containers/{name}/stats', query: ['stream', 'one-shot'], handle: stats },
  {
    method: 'POST',
    path: '/containers/{name}/attach',
    query: ['detachKeys', 'logs', 'stream', 'stdin', 'stdout', 'stderr'],
    handle: (x, deps) => attach(x.takeOver(), deps),
    hijack: attach,
  },
  {
    method: 'GET',
    path: '/containers/{name}/attach/ws',
    query: ['detachKeys', 'logs', 'stream', 'stdin', 'stdout', 'stderr'],
    handle: async (x, { containers }) => {
      await containers.inspect(x.name, { size: false });
      acceptWebSocket(x.request);
      // What Node has not taken for an upgrade is none.
      throw invalid('not websocket protocol');
    },
    hijack: attachWebSocket,
  },
];

/** Registered first, then the head is sent at once: `docker run` starts the container when it has seen it. */
async function wait(x: Exchange, { containers }: ServerDeps): Promise<void> {
  const asked = x.before('1.30') ? '' : x.query.string('condition');
  if (asked !== '' && !CONDITIONS.includes(asked)) throw invalid(`invalid condition: ${JSON.stringify(asked)}`);
  const condition = (asked || 'not-running') as WaitCondition;
  const { result } = await containers.wait(x.name, condition, { signal: x.signal });
  // Docker: versions before 1.30 get their head with the result.
  if (x.before('1.30')) x.json(await result);
  else {
    result.catch(() => {});
    x.begin('application/json');
    x.response.end(`${JSON.stringify(await result)}\n`);
  }
}

/** Docker: a stream of them says nothing of its type. */
async function stats(x: Exchange, { containers }: ServerDeps): Promise<void> {
  const stream = x.query.bool('stream', true);
  const oneShot = !x.before('1.41') && x.query.bool('one-shot');
  const seen = containers.stats(x.name, { stream, oneShot, signal: x.signal });
  if (stream && oneShot) throw invalid('cannot have stream=true and one-shot=true');
  if (stream) x.begin(undefined);
  for await (const each of seen) {
    if (!stream) return x.json(each);
    if (!(await x.write(`${JSON.stringify(each)}\n`))) return;
  }
  x.response.end();
}

async function logs(x: Exchange, { containers }: ServerDeps): Promise<void> {
  const { tty, body } = await containers.logs(x.name, await optionsOrAbsence(x, containers));
  const isFramed = !tty && !before(x.version, '1.42');
  x.begin(isFramed ? 'application/vnd.docker.multiplexed-stream' : 'application/vnd.docker.raw-stream');
  try {
    for await (const data of body) if (!(await x.write(data))) return;
  } catch (error) {
    if (x.signal.aborted) return;
    const line = Buffer.from(`Error grabbing logs: ${failureOf(error).message}\n`);
    await x.write(tty ? line : encodeFrame('systemerr', line));
  }
  x.response.end();
}

/** Docker: a container that is not there is told before a time that is none. */
async function optionsOrAbsence(x: Exchange, containers: ServerDeps['containers']): Promise<LogsOptions> {
  try {
    return logsOptions(x);
  } catch (error) {
    if (isKind(error, 'internal')) await containers.inspect(x.name, { size: false });
    throw error;
  }
}

function logsOptions(x: Exchange): LogsOptions {
  const { query } = x;
  const [stdout, stderr] = [query.bool('stdout'), query.bool('stderr')];
  if (!stdout && !stderr) throw invalid('Bad parameters: you must choose at least one stream');
  return {
    stdout,
    stderr,
    follow: query.bool('follow'),
    since: timestamp(query.string('since')),
    until: timestamp(query.string('until')),
    timestamps: query.bool('timestamps'),
    details: query.bool('details'),
    tail: tailOf(query.string('tail')),
    signal: x.signal,
  };
}

/** Docker: what is not a number means all. */
function tailOf(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

async function attach(hijack: Hijack, { containers }: ServerDeps): Promise<void> {
  try {
    const { tty, stream } = await containers.attach(hijack.name, attachOptions(hijack.query));
    hijack.accept({ tty });
    hijack.join(stream);
  } catch (error) {
    hijack.failText(error);
  }
}

/** Docker: before 1.42 all streams are attached, whatever was asked for. */
async function attachWebSocket(hijack: Hijack, { containers }: ServerDeps): Promise<void> {
  acceptWebSocket(hijack.request);
  const all = before(hijack.version, '1.42') ? { stdin: true, stdout: true, stderr: true } : {};
  hijack.joinWebSocket(await containers.attach(hijack.name, { ...attachOptions(hijack.query), ...all }));
}

function attachOptions(query: Query): AttachOptions {
  return {
    stream: query.bool('stream'),
    stdin: query.bool('stdin'),
    stdout: query.bool('stdout'),
    stderr: query.bool('stderr'),
    logs: query.bool('logs'),
    detachKeys: detachKeys(query),
  };
}
