import { Duplex } from 'node:stream';
import { DEFAULT_DETACH_KEYS, DetachScanner } from '#api';
import { delay } from '#async';
import { conflict } from '#errdefs';
import type { Context } from './context.ts';
import type { Attached } from './deps.ts';
import { logs } from './logs.ts';
import type { Container } from './record.ts';
import { hasProcess } from './record.ts';
import { Session } from './session.ts';
import { tell } from './tell.ts';

/** How long after the end of the output the record of the exit is waited for, when the container need not end with it. */
const EXIT_MS = 2_000;

export interface AttachOptions {
  readonly reference: string;
  readonly stream: boolean;
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly logs: boolean;
  /** undefined: the daemon's default. */
  readonly detachKeys: Uint8Array | undefined;
}

/**
 * Joins a client to a container's streams. To one that was not started yet its sandbox is made, and a start waits until
 * the client has joined, so that nothing of the output is missed; the session then lives on into the start, and the client
 * is answered meanwhile. It ends after the end of the container is on record.
 */
export async function attach(context: Context, container: Container, options: AttachOptions): Promise<Session> {
  assertAttachable(container, options.reference);
  const live = options.stream ? await liveStreams(context, container, options) : undefined;
  context.store.tx(() => tell(context, container, 'attach'));
  const ended = new AbortController();
  const over = live ? context.waiters.wait(container, 'next-exit', ended.signal) : undefined;
  if (over) void live?.streams.then((streams) => endWith(streams, over));
  return new Session({
    live: live?.streams,
    replay: options.logs ? replay(context, container, { ...options, signal: ended.signal }) : undefined,
    scanner: scannerFor(container, options),
    onDetach: () => context.store.tx(() => tell(context, container, 'detach')),
    epilogue: async () => await settled(context, container, over),
    onClose: () => {
      ended.abort();
      context.sandboxes.release(container.id);
    },
  });
}

function assertAttachable({ id, status }: Container, reference: string): void {
  if (status === 'paused') throw conflict(`container ${reference} is paused, unpause the container before attach`);
  if (status === 'restarting') {
    throw conflict(`container ${reference} is restarting, wait until the container is running`);
  }
  if (status === 'removing' || status === 'dead') {
    throw conflict(`container ${id} is marked for removal and cannot be attached to`);
  }
}

/** Those of a container that runs are there with the answer; of another they come in time for its start. */
async function liveStreams(context: Context, container: Container, options: AttachOptions) {
  const streams = join(context, container, options);
  if (hasProcess(container)) await streams;
  else context.sandboxes.expect(container.id, streams);
  return { streams };
}

function endWith(streams: Duplex, over: Promise<unknown>): void {
  if (streams instanceof Silence) void over.finally(() => streams.push(null)).catch(() => undefined);
}

async function join(context: Context, container: Container, options: AttachOptions): Promise<Attached> {
  const { stdin, stdout, stderr } = options;
  const { OpenStdin } = container.spec.config;
  // What was printed before goes through us, and ahead.
  const streams = { stdin: stdin && OpenStdin, stdout, stderr, direct: !options.logs };
  if (hasProcess(container)) return await context.runtime.attach(container.id, streams);
  try {
    await context.sandboxes.hold(container);
    return await context.runtime.attach(container.id, streams);
  } catch (error) {
    // What is wrong with it is told by the start that will come, as Docker does.
    context.log.debug('attached to a container that cannot start', { container: container.id, error });
    return new Silence();
  }
}

/** The streams of a container that cannot start: nothing comes, what is written is dropped. */
class Silence extends Duplex {
  override _read(): void {}

  override _write(_chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    done();
  }
}

/** Docker: the default keys detach from a terminal only, keys that were asked for from anything. */
function scannerFor({ spec }: Container, { stdin, detachKeys }: AttachOptions): DetachScanner | undefined {
  const keys = detachKeys ?? (spec.config.Tty ? DEFAULT_DETACH_KEYS : undefined);
  return stdin && keys?.length ? new DetachScanner(keys) : undefined;
}

function replay(
  context: Context,
  container: Container,
  { stdout, stderr, signal }: { stdout: boolean; stderr: boolean; signal: AbortSignal },
): AsyncIterable<Uint8Array> | undefined {
  if (!stdout && !stderr) return undefined;
  return logs(context, container, {
    stdout,
    stderr,
    signal,
    follow: false,
    since: undefined,
    until: undefined,
    timestamps: false,
    details: false,
    tail: undefined,
  });
}

/** The output is over: what is left is that the exit gets on record, unless there never was a life or it goes on. */
async function settled(context: Context, container: Container, over: Promise<unknown> | undefined): Promise<undefined> {
  const current = context.rows.get(container.id);
  if (!over || !current || (!hasProcess(current) && !context.starting.has(current.id))) return undefined;
  const { StdinOnce, Tty } = current.spec.config;
  const bounded = StdinOnce && !Tty ? over : Promise.race([over, delay(EXIT_MS)]);
  await bounded;
  return undefined;
}
