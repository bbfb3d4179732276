import type { ContainerState } from '#api';
import type { Command } from '../command.ts';
import { joinStreams } from '../output/attachment.ts';
import { defaultDetachKeys } from '../output/detach-keys.ts';
import { rawMode, stdinIsTerminal, terminalSize } from '../output/terminal.ts';
import type { Session } from '../session.ts';
import { StatusError } from '../status-error.ts';
import { followSize } from './resize.ts';
import { proxySignals } from './signals.ts';

/** Joins a running container's streams; ends with its exit code. */
export const command: Command = {
  usage: '[OPTIONS] CONTAINER',
  operands: { least: 1, most: 1 },
  flags: [
    { name: 'detach-keys', kind: 'string', usage: 'Override the key sequence for detaching a container' },
    { name: 'no-stdin', kind: 'bool', usage: 'Do not attach STDIN' },
    {
      name: 'sig-proxy',
      kind: 'bool',
      usage: 'Proxy all received signals to the process',
      shown: 'true',
      initial: true,
    },
  ],
  run: async (session, { flags, operands: [name = ''] }) => {
    const { containers } = session.client;
    const { State: state, Config: config } = await containers.inspect(name);
    checkState(state);
    const stdin = !flags.bool('no-stdin') && config.OpenStdin;
    if (stdin && config.Tty && !stdinIsTerminal()) throw new Error('the input device is not a TTY');
    const keys = flags.text('detach-keys') || (session.config.detachKeys ?? '');
    const [waiting, attachment] = await Promise.all([
      containers.wait(name),
      containers.attach(name, { stream: true, stdin, stdout: true, stderr: true, detachKeys: keys }),
    ]);
    const signals = flags.bool('sig-proxy') && !config.Tty;
    using _signals = signals ? proxySignals((signal) => containers.kill(name, signal)) : undefined;
    using _raw = config.Tty && stdin ? rawMode() : undefined;
    using _size = config.Tty && terminalSize().h > 0 ? redraw(session, name) : undefined;
    const options = { tty: config.Tty, stdin, output: true, detachKeys: keys || defaultDetachKeys };
    if ((await joinStreams(attachment, options)) === 'detached') {
      waiting.exit.catch(() => undefined);
      waiting.cancel();
      throw new StatusError('read escape sequence', 1);
    }
    return (await waiting.exit).StatusCode;
  },
};

function checkState({ Running, Paused, Restarting }: ContainerState): void {
  if (!Running) throw new Error('You cannot attach to a stopped container, start it first');
  if (Paused) throw new Error('You cannot attach to a paused container, unpause it first');
  if (Restarting) throw new Error('You cannot attach to a restarting container, wait until it is running');
}

// One row more and back again: so the program in the container draws its screen anew.
function redraw(session: Session, name: string): Disposable {
  const { h, w } = terminalSize();
  const { containers } = session.client;
  const grown = containers.resize(name, { h: h + 1, w: w + 1 }).catch(() => undefined);
  return followSize(async (size) => {
    await grown;
    await containers.resize(name, size);
  });
}
