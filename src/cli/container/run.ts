import type { WaitResponse } from '#api';
import type { Answered, CreateBody, Waiting } from '#client';
import type { Command, CommandInput } from '../command.ts';
import type { FlagValues } from '../flags/flag-values.ts';
import { joinStreams } from '../output/attachment.ts';
import { defaultDetachKeys, detachKeyBytes } from '../output/detach-keys.ts';
import { rawMode, stdinIsTerminal, terminalSize } from '../output/terminal.ts';
import type { Session } from '../session.ts';
import { StatusError } from '../status-error.ts';
import { createContainer } from './create-container.ts';
import { createFlags } from './create-flags.ts';
import { createRequest } from './create-request.ts';
import { followSize } from './resize.ts';
import { attempt, startFailureCode, withHelp } from './run-errors.ts';
import { proxySignals } from './signals.ts';

/** Creates a container and starts it: attached until it ends, with its exit code, or detached, printing its id. */
export const command: Command = {
  usage: '[OPTIONS] IMAGE [COMMAND] [ARG...]',
  operands: { least: 1, most: Number.POSITIVE_INFINITY },
  stopsAtOperand: true,
  flags: [
    ...createFlags,
    { name: 'detach', short: 'd', kind: 'bool', usage: 'Run container in background and print container ID' },
    {
      name: 'detach-keys',
      kind: 'string',
      usage: 'Override the key sequence for detaching a container',
    },
    {
      name: 'pull',
      kind: 'string',
      usage: 'Pull image before running ("always", "missing", "never")',
      shown: '"missing"',
      initial: 'missing',
    },
    { name: 'sig-proxy', kind: 'bool', usage: 'Proxy received signals to the process', shown: 'true', initial: true },
  ],
  run,
};

async function run(session: Session, input: CommandInput): Promise<number> {
  const { flags, operands, path } = input;
  const body = attempt(session.program, path, () => createRequest(flags, operands));
  const detach = flags.bool('detach');
  if (detach) detachStreams(flags, body);
  else if (body['AttachStdin'] && body['Tty'] && !stdinIsTerminal()) throw new Error('the input device is not a TTY');
  try {
    const id = await createContainer(session, flags, body);
    return detach ? await runDetached(session, flags, id) : await runAttached(session, flags, { id, body });
  } catch (error) {
    if (error instanceof StatusError) throw error;
    throw withHelp(session.program, path, error, startFailureCode((error as Error).message));
  }
}

function detachStreams(flags: FlagValues, body: CreateBody): void {
  if (flags.list('attach').length > 0)
    throw new Error('conflicting options: cannot specify both --attach and --detach');
  Object.assign(body, { AttachStdin: false, AttachStdout: false, AttachStderr: false, StdinOnce: false });
}

async function runDetached(session: Session, flags: FlagValues, id: string): Promise<number> {
  // Docker: the id is told even when the start fails.
  session.out(`${id}\n`);
  await session.client.containers.start(id, { detachKeys: flags.text('detach-keys') });
  return 0;
}

interface Created {
  id: string;
  body: CreateBody;
}

async function runAttached(session: Session, flags: FlagValues, { id, body }: Created): Promise<number> {
  const { containers } = session.client;
  const streams = {
    stdin: body['AttachStdin'] === true,
    stdout: body['AttachStdout'] === true,
    stderr: body['AttachStderr'] === true,
  };
  const attaches = streams.stdin || streams.stdout || streams.stderr;
  const tty = body['Tty'] === true;
  const keys = flags.text('detach-keys') || (session.config.detachKeys ?? '');
  if (keys !== '') detachKeyBytes(keys);
  using _signals = flags.bool('sig-proxy') ? proxySignals((signal) => containers.kill(id, signal)) : undefined;
  const [attachment, waiting] = await Promise.all([
    attaches ? containers.attach(id, { stream: true, ...streams, detachKeys: keys }) : undefined,
    containers.wait(id, flags.bool('rm') ? 'removed' : 'next-exit'),
  ]);
  using _raw = tty && streams.stdin ? rawMode() : undefined;
  const options = {
    tty,
    stdin: streams.stdin,
    output: streams.stdout || streams.stderr,
    detachKeys: keys || defaultDetachKeys,
  };
  const joined = attachment && joinStreams(attachment, options);
  await startOrGiveUp(session, { id, attachment, waiting, autoRemove: flags.bool('rm') });
  using _size = tty && terminalSize().h > 0 ? followSize((size) => containers.resize(id, size)) : undefined;
  if (!joined) {
    // Docker: with no stream attached, only the id is printed, and the container is waited for all the same.
    session.out(`${id}\n`);
  }
  if ((await joined) === 'detached') {
    waiting.cancel();
    waiting.exit.catch(() => undefined);
    return 0;
  }
  return exitCode(await waiting.exit);
}

interface Pending {
  id: string;
  attachment: Answered | undefined;
  waiting: Waiting;
  autoRemove: boolean;
}

async function startOrGiveUp(session: Session, { id, attachment, waiting, autoRemove }: Pending): Promise<void> {
  try {
    await session.client.containers.start(id);
  } catch (error) {
    attachment?.socket.destroy();
    // The daemon removes a container that failed to start; its name is free only afterwards.
    if (autoRemove) await waiting.exit.catch(() => undefined);
    else {
      waiting.exit.catch(() => undefined);
      waiting.cancel();
    }
    throw error;
  }
}

function exitCode({ StatusCode, Error: failure }: WaitResponse): number {
  if (failure?.Message) throw new StatusError(failure.Message, 125);
  return StatusCode;
}
