import type { Command, CommandInput } from '../command.ts';
import { checkedList, variable } from '../options/checks.ts';
import { readKeyValueFile } from '../options/files.ts';
import { joinStreams } from '../output/attachment.ts';
import { defaultDetachKeys } from '../output/detach-keys.ts';
import { rawMode, stdinIsTerminal, terminalSize } from '../output/terminal.ts';
import type { Session } from '../session.ts';
import { StatusError } from '../status-error.ts';
import { followSize } from './resize.ts';

/** Runs a further process in a running container; ends with its exit code. */
export const command: Command = {
  usage: '[OPTIONS] CONTAINER COMMAND [ARG...]',
  operands: { least: 2, most: Number.POSITIVE_INFINITY },
  stopsAtOperand: true,
  flags: [
    { name: 'detach', short: 'd', kind: 'bool', usage: 'Detached mode: run command in the background' },
    { name: 'detach-keys', kind: 'string', usage: 'Override the key sequence for detaching a container' },
    { name: 'env', short: 'e', kind: 'list', usage: 'Set environment variables', read: checkedList(variable) },
    { name: 'env-file', kind: 'list', usage: 'Read in a file of environment variables' },
    { name: 'interactive', short: 'i', kind: 'bool', usage: 'Keep STDIN open even if not attached' },
    { name: 'privileged', kind: 'bool', usage: 'Give extended privileges to the command' },
    { name: 'tty', short: 't', kind: 'bool', usage: 'Allocate a pseudo-TTY' },
    { name: 'user', short: 'u', kind: 'string', usage: 'Username or UID (format: "<name|uid>[:<group|gid>]")' },
    { name: 'workdir', short: 'w', kind: 'string', usage: 'Working directory inside the container' },
  ],
  run,
};

async function run(session: Session, { flags, operands }: CommandInput): Promise<number> {
  const [container = '', ...words] = operands;
  const detach = flags.bool('detach');
  const tty = flags.bool('tty');
  const stdin = flags.bool('interactive') && !detach;
  const files = flags.list('env-file').flatMap((path) => readKeyValueFile(path, (name) => process.env[name]));
  if (stdin && tty && !stdinIsTerminal()) throw new Error('the input device is not a TTY');
  const keys = flags.text('detach-keys') || (session.config.detachKeys ?? '');
  const { h, w } = terminalSize();
  const size = tty && h > 0 ? { ConsoleSize: [h, w] as [number, number] } : {};
  const { execs } = session.client;
  const { Id: id } = await execs.create(container, {
    User: flags.text('user'),
    Privileged: flags.bool('privileged'),
    Tty: tty,
    ...size,
    AttachStdin: stdin,
    AttachStdout: !detach,
    AttachStderr: !detach,
    DetachKeys: keys,
    Env: [...files, ...flags.list('env')],
    WorkingDir: flags.text('workdir'),
    Cmd: words,
  });
  if (id === '') throw new Error('exec ID empty');
  if (detach) {
    await execs.start(id, { Detach: true, Tty: tty, ...size });
    return 0;
  }
  const attachment = await execs.attach(id, { Detach: false, Tty: tty, ...size });
  using _raw = tty && stdin ? rawMode() : undefined;
  using _size = tty && h > 0 ? followSize((now) => execs.resize(id, now)) : undefined;
  const options = { tty, stdin, output: true, detachKeys: keys || defaultDetachKeys };
  if ((await joinStreams(attachment, options)) === 'detached') throw new StatusError('read escape sequence', 1);
  return (await execs.inspect(id)).ExitCode ?? 0;
}
