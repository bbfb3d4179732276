import type { Command, CommandInput } from '../command.ts';
import { joinStreams } from '../output/attachment.ts';
import { defaultDetachKeys } from '../output/detach-keys.ts';
import { rawMode, stdinIsTerminal, terminalSize } from '../output/terminal.ts';
import type { Session } from '../session.ts';
import { StatusError } from '../status-error.ts';
import { followSize } from './resize.ts';
import { proxySignals } from './signals.ts';

/** Starts containers; with -a or -i one, attached until it ends, with its exit code. */
export const command: Command = {
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  operands: { least: 1, most: Number.POSITIVE_INFINITY },
  flags: [
    { name: 'attach', short: 'a', kind: 'bool', usage: 'Attach STDOUT/STDERR and forward signals' },
    { name: 'checkpoint', kind: 'string', usage: 'Restore from this checkpoint', hidden: true },
    { name: 'checkpoint-dir', kind: 'string', usage: 'Use a custom checkpoint storage directory', hidden: true },
    { name: 'detach-keys', kind: 'string', usage: 'Override the key sequence for detaching a container' },
    { name: 'interactive', short: 'i', kind: 'bool', usage: "Attach container's STDIN" },
  ],
  run: (session, input) => {
    const attached = input.flags.bool('attach') || input.flags.bool('interactive');
    if (!attached) return startAll(session, input);
    if (input.operands.length > 1) throw new Error('you cannot start and attach multiple containers at once');
    return startAttached(session, input);
  },
};

async function startAll(session: Session, { flags, operands }: CommandInput): Promise<number> {
  const failed: string[] = [];
  const query = { checkpoint: flags.text('checkpoint'), 'checkpoint-dir': flags.text('checkpoint-dir') };
  for (const name of operands) {
    try {
      await session.client.containers.start(name, query);
      session.out(`${name}\n`);
    } catch (error) {
      session.err(`${(error as Error).message}\n`);
      failed.push(name);
    }
  }
  if (failed.length > 0) throw new StatusError(`Error: failed to start containers: ${failed.join(', ')}`, 1);
  return 0;
}

async function startAttached(session: Session, { flags, operands: [name = ''] }: CommandInput): Promise<number> {
  const { containers } = session.client;
  const { Id: id, Config: config, HostConfig: host } = await containers.inspect(name);
  const stdin = flags.bool('interactive') && config.OpenStdin;
  if (stdin && config.Tty && !stdinIsTerminal()) throw new Error('the input device is not a TTY');
  using _signals = config.Tty ? undefined : proxySignals((signal) => containers.kill(id, signal));
  const keys = flags.text('detach-keys') || (session.config.detachKeys ?? '');
  const [attachment, waiting] = await Promise.all([
    containers.attach(id, { stream: true, stdin, stdout: true, stderr: true, detachKeys: keys }),
    containers.wait(id, host.AutoRemove ? 'removed' : 'next-exit'),
  ]);
  using _raw = config.Tty && stdin ? rawMode() : undefined;
  const options = { tty: config.Tty, stdin, output: true, detachKeys: keys || defaultDetachKeys };
  const joined = joinStreams(attachment, options);
  try {
    await containers.start(id);
  } catch (error) {
    attachment.socket.destroy();
    waiting.exit.catch(() => undefined);
    waiting.cancel();
    throw error;
  }
  using _size = config.Tty && terminalSize().h > 0 ? followSize((size) => containers.resize(id, size)) : undefined;
  if ((await joined) === 'ended') return (await waiting.exit).StatusCode;
  waiting.exit.catch(() => undefined);
  waiting.cancel();
  return 0;
}
